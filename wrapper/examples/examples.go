// Package examples shows how the client gets on with libraries that it does not
// need itself. It is a module of its own, so that none of them gets into programs
// that import the client.
package examples
