/*
 * Sends what a server writes at once. Garage writes the head of an answer and its body one after the other and leaves
 * Nagle's algorithm on: the body of a small object then waits until the client has acknowledged the head, and clients
 * do that only after 40 ms. Loaded before the C library, this turns the algorithm off for each accepted connection.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags) {
  static int (*next)(int, struct sockaddr *, socklen_t *, int);
  if (next == NULL) next = (int (*)(int, struct sockaddr *, socklen_t *, int))dlsym(RTLD_NEXT, "accept4");
  int connection = next(listener, address, length, flags);
  if (connection >= 0) {
    int before = errno, on = 1;
    /* Fails for a socket that is not TCP, which needs nothing. */
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    errno = before;
  }
  return connection;
}
