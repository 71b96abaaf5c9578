package qdrant

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ragway/retriever"
)

func TestTimeoutIsTheCallersOnlyNearItsDeadline(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	// Ends before or while translate looks: in either case it is the caller's.
	near, stop := context.WithTimeout(t.Context(), clockSlack/2)
	defer stop()
	far, stopFar := context.WithTimeout(t.Context(), time.Hour)
	defer stopFar()
	for _, tc := range []struct {
		name string
		ctx  context.Context
		code codes.Code
		want error
	}{
		{"cancelled by the caller", ended, codes.Canceled, context.Canceled},
		{"server's clock first", near, codes.Canceled, context.DeadlineExceeded},
		{"deadline", near, codes.DeadlineExceeded, context.DeadlineExceeded},
		{"server gave up", far, codes.Canceled, retriever.ErrUnavailable},
		{"attempt timed out", far, codes.DeadlineExceeded, retriever.ErrUnavailable},
		{"no deadline", t.Context(), codes.Canceled, retriever.ErrUnavailable},
	} {
		if err := translate(tc.ctx, status.Error(tc.code, "Timeout expired")); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
}
