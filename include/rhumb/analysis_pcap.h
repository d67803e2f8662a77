/* analysis_pcap.h - DNS queries out of a packet capture.
 *
 *     | header 24 | packet header 16 | packet ... | packet header 16 | packet ... |
 *
 * The classic format of libpcap, of either byte order, in micro- or nanoseconds. Links:
 * Ethernet (with VLAN tags), raw IP, Linux cooked (SLL and SLL2, `tcpdump -i any`). Only whole UDP
 * datagrams to port 53 are queries; fragments and TCP are passed over. Nothing is put together
 * again. pcapng is another format: `tcpdump -r FILE -w NEW` or `editcap -F pcap` converts it.
 *
 * Pure, without allocation, in time proportional to the file; nothing in it can make the reader
 * leave it.
 *
 * source   draft-ietf-opsawg-pcap (format), RFC 791 section 3.1, RFC 8200 sections 3 and 4, RFC 768
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/cursor.h"
#include "rhumb/ip.h"

struct pcap {
    struct reader reader;
    bool swapped; /* numbers of the file are little-endian */
    uint32_t link;
};

/* A datagram to port 53. */
struct pcap_query {
    struct ip_addr source;
    const uint8_t *payload; /* borrowed from the file */
    size_t len;
    bool cut; /* the capture kept less than was sent */
};

enum pcap_result {
    PCAP_QUERY,
    PCAP_OTHER, /* some other packet */
    PCAP_END,
    PCAP_BROKEN, /* the file ends inside a packet, or a length cannot be; nothing follows */
};

/* pcap_is - does a file begin like one, pcapng included? */
bool pcap_is(const uint8_t *bytes, size_t len);

/* pcap_open - NULL: *pcap stands before the first packet and borrows bytes. Else what is wrong. */
const char *pcap_open(struct pcap *pcap, const uint8_t *bytes, size_t len);

/* pcap_next - the next packet. *out_query is set with PCAP_QUERY. */
enum pcap_result pcap_next(struct pcap *pcap, struct pcap_query *out_query);
