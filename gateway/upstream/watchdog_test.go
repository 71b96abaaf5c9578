package upstream

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSlowReaderIsNotTheUpstreamsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, watch := newWatchdog(t.Context(), time.Second, time.Hour)
		body := &answerBody{Reader: strings.NewReader("abc"), raw: io.NopCloser(nil), watch: watch, idle: time.Second}
		for {
			if _, err := body.Read(make([]byte, 1)); err != nil {
				break
			}
			time.Sleep(time.Minute) // of the bubble's clock: the client takes its time
		}
		if ctx.Err() != nil {
			t.Error("the call was ended while nobody waited for the upstream")
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	})
}
