/* Addresses of clients, as the system tells them. */
#ifndef RRDNS_ADDRESS_H
#define RRDNS_ADDRESS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* The address of a client, 4 or 16 octets of it; NULL for a family that is not of the Internet. */
static inline const uint8_t *client_address(const struct sockaddr_in6 *from, size_t *octets) {
    switch (from->sin6_family) {
    case AF_INET:
        *octets = sizeof(struct in_addr);
        return (const uint8_t *)&((const struct sockaddr_in *)from)->sin_addr;
    case AF_INET6: *octets = sizeof(struct in6_addr); return from->sin6_addr.s6_addr;
    default: *octets = 0; return NULL;
    }
}

#endif
