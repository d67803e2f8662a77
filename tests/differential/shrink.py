"""Makes a difference small: the fewest lines of zones that show it, and the plainest question.

Lines are left out in chunks, half as large each time (delta debugging). What makes it quick: all
variants of a step are served at once, each as a family with a number of its own.
"""
import names
from arena import Arena
from compare import judge
from packets import FLAG_RD
from zones import renumber

FIRST_NUMBER, VARIANTS_MAX, STEPS_MAX = 20000, 64, 14


def ask_as(query, number):
    return query._replace(family=number, name=renumber(query.name, query.family, number))


def find_showing(oracles, difference, variants):
    """variants: families under one number. Returns the indices of those that still show it."""
    families = [family.renumbered(FIRST_NUMBER + i) for i, family in enumerate(variants)]
    queries = [ask_as(difference.query, family.number) for family in families]
    showing = []
    with Arena(families, oracles) as arena:
        for query, packet, replies in arena.ask(queries):
            if shows(difference, families[query.family - FIRST_NUMBER], query, packet, replies):
                showing.append(query.family - FIRST_NUMBER)
    return showing


def shows(difference, family, query, packet, replies):
    """The same kind, and no server less: fewer could differ for another reason."""
    if not set(replies) >= set(difference.replies):
        return False
    found = judge(family, query, packet, replies)
    return found is not None and (found.kind, found.facet) == (difference.kind, difference.facet)


def shrink_lines(oracles, difference):
    """Returns the smallest family found."""
    family, steps = difference.family, 0
    size = max(1, len(family.places()) // 8)
    while steps < STEPS_MAX:
        size = max(size, -(-len(family.places()) // VARIANTS_MAX))
        chunks = chunks_of(family, size)
        good = find_showing(oracles, difference, [family.without(chunk) for chunk in chunks])
        steps += 1
        if good:
            family = without_most(oracles, difference, family, [chunks[i] for i in good])
            steps += 1
        elif size == 1:
            break
        size = max(1, size // 4)
    return family


def chunks_of(family, size):
    """So many lines each; and each zone as a whole, since its SOA and NS can only go together."""
    places = family.places()
    zones = [{place for place in places if place[0] == i} for i in range(len(family.zones))]
    return zones[:len(zones) * (len(zones) > 1)] + [
        set(places[at:at + size]) for at in range(0, len(places), size)]


def without_most(oracles, difference, family, chunks):
    """Each chunk can go; leave out as many of the first as can go together."""
    unions = [set().union(*chunks[:count + 1]) for count in range(len(chunks))]
    good = find_showing(oracles, difference, [family.without(union) for union in unions])
    return family.without(unions[max(good)] if good else chunks[0])


PLAINER = (
    lambda query: query._replace(flags=0),
    lambda query: query._replace(flags=query.flags & FLAG_RD),
    lambda query: query._replace(do=False),
    lambda query: query._replace(edns_size=None, do=False),
    lambda query: query._replace(edns_size=None if query.edns_size is None else 4096),
    lambda query: query._replace(tcp=False),
    lambda query: query._replace(name=names.lower(query.name)),
)


def shrink_query(arena, difference, family, query):
    """One thing less at a time, as long as it still shows."""
    for plainer in PLAINER:
        candidate = plainer(query)
        for asked, packet, replies in arena.ask([candidate]):
            if shows(difference, family, asked, packet, replies):
                query = candidate
    return query


def shrink(oracles, difference):
    """Returns a smaller Difference of the same kind, or the same one."""
    family = shrink_lines(oracles, difference)
    with Arena([family], oracles) as arena:
        query = shrink_query(arena, difference, family, difference.query)
        for asked, packet, replies in arena.ask([query]):
            return judge(family, asked, packet, replies) or difference
    return difference
