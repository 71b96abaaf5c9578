package gateway

import (
	"net/http"
	"sync"
	"time"
)

// eventWriter writes events to a client, each flushed, and a heartbeat whenever nothing
// was written for a while. It is safe for concurrent use.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	every   time.Duration // 0: no heartbeat
	comment func() []byte // is the heartbeat: clients skip it, and proxies see that the connection lives

	mu     sync.Mutex
	timer  *time.Timer
	closed bool
}

func newEventWriter(w http.ResponseWriter, every time.Duration, comment func() []byte) *eventWriter {
	out := &eventWriter{w: w, control: http.NewResponseController(w), every: every, comment: comment}
	if every > 0 {
		out.timer = time.AfterFunc(every, out.beat)
	}
	return out
}

// write sends whole events; a stretch without any sends nothing.
func (o *eventWriter) write(events []byte) error {
	if len(events) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		o.timer.Reset(o.every)
	}
	return o.send(events)
}

func (o *eventWriter) send(data []byte) error {
	if _, err := o.w.Write(data); err != nil {
		return err
	}
	return o.control.Flush()
}

// flush sends the header.
func (o *eventWriter) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.control.Flush() // a client that left shows at the first write
}

func (o *eventWriter) beat() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if o.send(o.comment()) == nil {
		o.timer.Reset(o.every)
	}
}

// close stops the heartbeat; no write happens after it returns.
func (o *eventWriter) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.closed = true
	if o.timer != nil {
		o.timer.Stop()
	}
}
