package usagetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// sendFaulty writes as much of a response as a fault of its connection lets through.
func (s *Server) sendFaulty(w http.ResponseWriter, r *response, fault ConnectionFault) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 can only reset the stream
	}
	defer connection.Close()
	// Stall and Endless last until the client or the server closes the connection.
	defer context.AfterFunc(s.closing, func() { connection.Close() })()

	body := r.bytes()
	half := body[:len(body)/2]
	switch fault {
	case Refuse, ResetBefore:
		reset(connection)
	case ResetDuring:
		connection.Write(append(r.head(len(body)), half...))
		reset(connection)
	case ResetAfter:
		connection.Write(append(r.head(len(body)), body...))
		reset(connection)
	case Cut:
		connection.Write(append(r.head(len(body)), half...))
	case Stall:
		connection.Write(append(r.head(len(body)), half...))
		io.Copy(io.Discard, connection)
	case Endless:
		connection.Write(append(r.head(-1), body[:max(len(body)-1, 0)]...))
		blanks := bytes.Repeat([]byte(" "), 64<<10)
		for err == nil {
			_, err = connection.Write(blanks)
		}
	}
}

// head returns the status line and the header of a response whose body has a
// length, or, if that is negative, ends with the connection.
func (r *response) head(length int) []byte {
	header := r.header.Clone()
	if length >= 0 {
		header.Set("Content-Length", strconv.Itoa(length))
	} else {
		header.Set("Connection", "close")
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", r.status, http.StatusText(r.status))
	_ = header.Write(&head) // a buffer takes everything
	head.WriteString("\r\n")
	return head.Bytes()
}

// reset makes the connection end with a TCP reset.
func reset(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}
