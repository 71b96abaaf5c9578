package qdrant

import (
	"context"
	"errors"
	"fmt"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ragway/retriever"
)

// clockSlack is how far ahead of ours the server's clock may run out: it is told of each
// deadline, and answers some of them before the context here has ended.
const clockSlack = 10 * time.Millisecond

// translate makes an error of the client one of the port's. The caller's own
// cancellation and deadline come first; the server answers a deadline with Canceled as
// often as with DeadlineExceeded.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < clockSlack && isTimeout(err) {
		return context.DeadlineExceeded
	}
	// go-client drops the status of a rate limit.
	if limited := (*api.QdrantResourceExhaustedError)(nil); errors.As(err, &limited) {
		return fmt.Errorf("rate limited, retry after %d s: %w", limited.RetryAfterS, retriever.ErrUnavailable)
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	switch st.Code() {
	case codes.NotFound:
		return fmt.Errorf("%s: %w", st.Message(), retriever.ErrCollectionNotFound)
	case codes.AlreadyExists:
		return fmt.Errorf("%s: %w", st.Message(), retriever.ErrCollectionExists)
	case codes.Unauthenticated, codes.PermissionDenied:
		return fmt.Errorf("the server refuses the API key: %s", st.Message())
	// Internal is what a cluster answers that has lost its majority or a shard.
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Aborted, codes.Internal:
		return fmt.Errorf("%s: %s: %w", st.Code(), st.Message(), retriever.ErrUnavailable)
	}
	return fmt.Errorf("%s: %s", st.Code(), st.Message())
}

func isTimeout(err error) bool {
	code := status.Code(err)
	return code == codes.DeadlineExceeded || code == codes.Canceled
}

// completed turns the answer to a waiting write into an error unless the write is done:
// running out of time is an answer without an error.
func completed(ctx context.Context, result *api.UpdateResult, err error) error {
	if err != nil {
		return translate(ctx, err)
	}
	if st := result.GetStatus(); st != api.UpdateStatus_Completed {
		return fmt.Errorf("write not confirmed (%s): %w", st, retriever.ErrUnavailable)
	}
	return nil
}
