# rhumb in a small image, without root.
#
#   docker build -t rhumb .
#   docker run --rm rhumb check -c /usr/share/rhumb/zones/rhumb.yaml
#   docker run --rm --read-only --cap-drop all --security-opt no-new-privileges \
#       -p 53:53/udp -p 53:53/tcp -v "$PWD/etc:/etc/rhumb:ro" rhumb
#
# The last line serves ./etc/rhumb.yaml. Behind Docker's port mapping the server sees the source
# address of the client unless the userland proxy stands between them; --network host avoids it.
# An unprivileged process may bind port 53 where net.ipv4.ip_unprivileged_port_start allows it,
# as Docker sets it up; elsewhere listen on a high port and map that.
ARG BASE=debian:bookworm-slim

# ---- build ------------------------------------------------------------------------------------
FROM ${BASE} AS build
WORKDIR /src

# The packages first: they change less often than the source, so this layer stays cached.
COPY scripts/packages scripts/packages
RUN scripts/packages --install build && rm -rf /var/lib/apt/lists/*

COPY . .
RUN scripts/build release && strip -o /usr/local/bin/rhumb build-release/src/app/rhumb

# ---- run --------------------------------------------------------------------------------------
FROM ${BASE}

COPY scripts/packages /tmp/packages
RUN /tmp/packages --install runtime \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /tmp/packages \
    && groupadd --system --gid 999 rhumb \
    && useradd --system --uid 999 --gid 999 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin rhumb \
    && mkdir /etc/rhumb

COPY --from=build /usr/local/bin/rhumb /usr/local/bin/rhumb
# The quick start as an example, and the country database, whose notice lies beside it.
COPY zones /usr/share/rhumb/zones
COPY LICENSE /usr/share/doc/rhumb/LICENSE

USER 999:999
EXPOSE 53/udp 53/tcp
# SIGTERM drains and ends, SIGHUP reloads.
STOPSIGNAL SIGTERM
ENTRYPOINT ["rhumb"]
CMD ["serve"]
