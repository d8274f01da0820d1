package usagetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// sendFaulty writes as much of an answer as a fault of the connection lets it.
func (s *Server) sendFaulty(w http.ResponseWriter, a *answer, fault ConnectionFault) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: nothing better can be done to one request
	}
	defer connection.Close()
	// A stall and an endless body last until the client or the server has enough.
	defer context.AfterFunc(s.closing, func() { connection.Close() })()

	body := a.bytes()
	head := a.head(len(body))
	switch fault {
	case Refuse, ResetBefore:
		reset(connection)
	case ResetDuring:
		connection.Write(append(head, body[:len(body)/2]...))
		reset(connection)
	case ResetAfter:
		connection.Write(append(head, body...))
		reset(connection)
	case Cut:
		connection.Write(append(head, body[:len(body)/2]...))
	case Stall:
		connection.Write(append(head, body[:len(body)/2]...))
		io.Copy(io.Discard, connection) // until the client closes it
	case Endless:
		head = a.head(-1)
		connection.Write(append(head, body[:max(len(body)-1, 0)]...))
		blanks := bytes.Repeat([]byte(" "), 64<<10)
		for {
			if _, err := connection.Write(blanks); err != nil {
				return
			}
		}
	}
}

// head is the status line and the header of an answer whose body has a length,
// or, if that is negative, ends with the connection.
func (a *answer) head(length int) []byte {
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	header := a.header.Clone()
	if length >= 0 {
		header.Set("Content-Length", fmt.Sprint(length))
	} else {
		header.Set("Connection", "close")
	}
	_ = header.Write(&head) // a buffer takes everything
	head.WriteString("\r\n")
	return head.Bytes()
}

// reset makes the connection end with a reset in place of a proper end.
func reset(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}
