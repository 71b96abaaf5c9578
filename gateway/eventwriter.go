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

	mu      sync.Mutex
	timer   *time.Timer // of the header
	beating *time.Timer // of the heartbeat; nil until the stream has begun
	began   bool
	closed  bool
}

// headerDelay is how long the header waits for the first event. Most come together, and in
// one packet they reach the client sooner than the event would in a second one.
const headerDelay = 20 * time.Millisecond

func newEventWriter(w http.ResponseWriter, every time.Duration, comment func() []byte) *eventWriter {
	out := &eventWriter{w: w, control: http.NewResponseController(w), every: every, comment: comment}
	out.mu.Lock() // the timer may fire before it is kept
	defer out.mu.Unlock()
	out.timer = time.AfterFunc(headerDelay, out.sendHeader)
	return out
}

// write sends whole events; a stretch without any sends nothing.
func (o *eventWriter) write(events []byte) error {
	if len(events) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.began = true
	o.rearm()
	return o.send(events)
}

func (o *eventWriter) send(data []byte) error {
	if _, err := o.w.Write(data); err != nil {
		return err
	}
	return o.control.Flush()
}

// sendHeader sends the header of a stream in which nothing has come yet, and then watches
// for silence.
func (o *eventWriter) sendHeader() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.began {
		return
	}
	o.began = true
	_ = o.control.Flush() // a client that left shows at the first write
	o.rearm()
}

// rearm begins to wait for the next heartbeat.
func (o *eventWriter) rearm() {
	o.timer.Stop()
	if o.every <= 0 {
		return
	}
	if o.beating == nil {
		o.beating = time.AfterFunc(o.every, o.beat)
		return
	}
	o.beating.Reset(o.every)
}

func (o *eventWriter) beat() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if o.send(o.comment()) == nil {
		o.beating.Reset(o.every)
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
	o.timer.Stop()
	if o.beating != nil {
		o.beating.Stop()
	}
}
