package gateway

import (
	"net"
	"time"
)

// writeTimeout bounds how long a client may take for one piece of an answer. A bound on
// the whole answer would cut long streams.
const writeTimeout = 2 * time.Minute

// writePiece is what a client that is slow but alive takes well within writeTimeout.
const writePiece = 256 << 10

// patientListener accepts connections on which a client that stops reading costs a
// goroutine and its answer for writeTimeout, not for good.
type patientListener struct{ net.Listener }

// Accept implements net.Listener.
func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return patientConn{c}, nil
}

type patientConn struct{ net.Conn }

// Write implements net.Conn.
func (c patientConn) Write(p []byte) (int, error) {
	written := 0
	for {
		piece := p[written:min(len(p), written+writePiece)]
		if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(piece)
		if written += n; err != nil || written == len(p) {
			return written, err
		}
	}
}
