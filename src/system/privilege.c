#include "rhumb/privilege.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

enum err privilege_drop(const char *user, struct diag_list *diags)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];
    if (getpwnam_r(user, &entry, buffer, sizeof(buffer), &found) != 0 || !found) {
        diag_error(diags, NULL, "server.user: there is no user '%s'", user);
        diag_remedy(diags, "create it (adduser --system --group %s), or leave the key out",
                    user);
        return ERR_INVALID;
    }
    if (geteuid() == entry.pw_uid)
        return ERR_OK;
    if (geteuid() != 0) {
        diag_error(diags, NULL, "server.user: only root can become '%s'", user);
        diag_remedy(diags, "start as root or as '%s'", user);
        return ERR_INVALID;
    }
    if (setgroups(0, NULL) != 0 || setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid) != 0 ||
        setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid) != 0 || setuid(0) == 0) {
        diag_error(diags, NULL, "server.user: could not become '%s'", user);
        return ERR_INVALID;
    }
    return ERR_OK;
}

void privilege_check_files(const char *user, const char *const *paths, size_t count,
                           struct diag_list *diags)
{
    for (size_t i = 0; i < count; i++) {
        if (faccessat(AT_FDCWD, paths[i], R_OK, AT_EACCESS) == 0)
            continue;
        diag_warning(diags, NULL, "the user '%s' cannot read %s: a reload will fail", user,
                     paths[i]);
        diag_remedy(diags, "let '%s' read the file, and enter the folders it is in", user);
    }
}
