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

// A mark is seen through whatever wraps the error, and changes nothing else of it.
func TestMarks(t *testing.T) {
	for _, test := range []struct {
		name                          string
		err                           error
		text                          string
		permanent, blocked, transient bool
	}{
		{"unmarked", io.EOF, "EOF", false, false, false},
		{"permanent", Permanent(io.EOF), "EOF", true, false, false},
		{"permanent, formatted", Permanentf("row %d: %w", 1, io.EOF), "row 1: EOF", true, false, false},
		{"blocked", Blocked(io.EOF), "EOF", true, true, false},
		{"transient", Transient(io.EOF), "EOF", false, false, true},
		{"transient, of a permanent one", Transient(Permanent(io.EOF)), "EOF", true, false, true},
		{"wrapped", fmt.Errorf("reading: %w", Blocked(io.EOF)), "reading: EOF", true, true, false},
		{"one of two", fmt.Errorf("%w after %w", io.EOF, Permanent(io.EOF)), "EOF after EOF", true, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, "text", test.err.Error(), test.text)
			check(t, "permanent", IsPermanent(test.err), test.permanent)
			check(t, "blocked", errors.Is(test.err, ErrBlocked), test.blocked)
			check(t, "transient", errors.Is(test.err, ErrTransient), test.transient)
			check(t, "is its cause", errors.Is(test.err, io.EOF), true)
			check(t, "is another error", errors.Is(test.err, io.ErrUnexpectedEOF), false)
		})
	}
}

// The error of a context is its cause; of a call whose context has ended its own error, if
// that wraps the cause.
func TestContext(t *testing.T) {
	cause := errors.New("the cause")
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for _, test := range []struct {
		name string
		got  error
		is   error
		text string
	}{
		{"cancelled", Context(ended(nil)), context.Canceled, "context canceled"},
		{"cancelled with a cause", Context(ended(cause)), cause, "the cause"},
		{"past its deadline", Context(expired), context.DeadlineExceeded, "context deadline exceeded"},
		{"a call, wraps the cause", WithContext(ended(cause), fmt.Errorf("waiting: %w", cause)), cause, "waiting: the cause"},
		{"a call, something else", WithContext(ended(cause), io.ErrClosedPipe), cause, "the cause"},
		{"a call, without the cause", WithContext(ended(cause), context.Canceled), cause, "the cause"},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, "is", errors.Is(test.got, test.is), true)
			check(t, "text", test.got.Error(), test.text)
			check(t, "blocked", errors.Is(test.got, ErrBlocked), true)
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
		{"other scripts", "Schlüssel 鍵 🔑", "Schlüssel 鍵 🔑"},
		{"lines", "a\r\nb\tc\u2028d", "a  b c d"},
		{"control characters", "a\x1b[31mb\x00\u202ec", "a [31mb  c"},
		{"not UTF-8", "a\xffb\xc3", "ab"},
		{"the longest", strings.Repeat("a", 512), strings.Repeat("a", 512)},
		{"too long", strings.Repeat("a", 513), strings.Repeat("a", 512) + "..."},
		{"cut in a character", strings.Repeat("a", 509) + "🔑", strings.Repeat("a", 509) + "..."},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, "text", Quote(test.text), test.want) })
	}
}

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
