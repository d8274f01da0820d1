package failure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestIsPermanent(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"none", nil, false},
		{"unmarked", io.EOF, false},
		{"end of a context, unmarked", context.Canceled, false},
		{"marked", Permanent(io.EOF), true},
		{"marked and wrapped", fmt.Errorf("reading: %w", Permanent(io.EOF)), true},
		{"one of two", fmt.Errorf("%w after %w", io.EOF, Permanent(io.EOF)), true},
		{"cause of a context", Context(ended(io.EOF)), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := IsPermanent(test.err); got != test.want {
				t.Errorf("permanent: got %v, want %v", got, test.want)
			}
		})
	}
}

// The mark changes nothing else of an error.
func TestPermanentKeepsTheError(t *testing.T) {
	err := Permanent(fmt.Errorf("reading: %w", io.EOF))
	if got, want := err.Error(), "reading: EOF"; got != want {
		t.Errorf("text: got %q, want %q", got, want)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("cause: got %v, want %v in its chain", err, io.EOF)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cause: got %v in its chain, want it to be %v alone", io.ErrUnexpectedEOF, io.EOF)
	}
}

func TestContext(t *testing.T) {
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	cause := errors.New("the cause")
	for _, test := range []struct {
		name string
		ctx  context.Context
		want error
	}{
		{"cancelled", ended(nil), context.Canceled},
		{"cancelled with a cause", ended(cause), cause},
		{"past its deadline", expired, context.DeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Context(test.ctx)
			if !errors.Is(got, test.want) {
				t.Errorf("error: got %v, want %v", got, test.want)
			}
			if got.Error() != test.want.Error() {
				t.Errorf("text: got %q, want %q", got, test.want)
			}
		})
	}
}

// The error of a call whose context has ended is its own, if that says why.
func TestWithContext(t *testing.T) {
	cause := errors.New("the cause")
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"wraps the cause", fmt.Errorf("waiting: %w", cause), "waiting: the cause"},
		{"something else", io.ErrClosedPipe, "the cause"},
		{"the end without its cause", context.Canceled, "the cause"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := WithContext(ended(cause), test.err)
			if got.Error() != test.want {
				t.Errorf("text: got %q, want %q", got, test.want)
			}
			if !errors.Is(got, cause) {
				t.Errorf("error: got %v, want %v", got, cause)
			}
			if !IsPermanent(got) {
				t.Errorf("permanent: got false, want true")
			}
		})
	}
}

// ended returns a context that was cancelled with a cause.
func ended(cause error) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return ctx
}

func TestQuote(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
	}{
		{"short", "wrong secret", "wrong secret"},
		{"other scripts", "Schlüssel 鍵 🔑", "Schlüssel 鍵 🔑"},
		{"lines", "a\r\nb\tc\u2028d", "a  b c d"},
		{"control characters", "a\x1b[31mb\x00\u202ec", "a [31mb  c"},
		{"not UTF-8", "a\xffb\xc3", "ab"},
		{"the longest", strings.Repeat("a", 512), strings.Repeat("a", 512)},
		{"too long", strings.Repeat("a", 513), strings.Repeat("a", 512) + "..."},
		{"cut in a character", strings.Repeat("a", 511) + "ä", strings.Repeat("a", 511) + "..."},
		{"cut in a long one", strings.Repeat("a", 509) + "🔑", strings.Repeat("a", 509) + "..."},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Quote(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
