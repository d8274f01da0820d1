// Package failure classifies errors and words them. An error that a retry cannot fix is
// marked once, where it is made. Every error without the mark is transient: the errors
// that come from elsewhere, of connections above all, usually are.
package failure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrPermanent is in the chain of each permanent error, for errors.Is.
var ErrPermanent = errors.New("permanent")

// Permanent marks err as one that a retry cannot fix.
func Permanent(err error) error { return &permanentError{err} }

// Permanentf is Permanent of fmt.Errorf.
func Permanentf(format string, args ...any) error { return Permanent(fmt.Errorf(format, args...)) }

// IsPermanent reports whether err, or an error that it wraps, is permanent.
func IsPermanent(err error) bool { return errors.Is(err, ErrPermanent) }

// Context returns the error of a context that has ended: its cause, as net/http
// returns it. It is permanent, since the context stays ended.
func Context(ctx context.Context) error { return Permanent(context.Cause(ctx)) }

// WithContext returns the error of a call whose context has ended: err if that wraps the
// cause, and so says more, and otherwise the cause.
func WithContext(ctx context.Context, err error) error {
	if errors.Is(err, context.Cause(ctx)) {
		return Permanent(err)
	}
	return Context(ctx)
}

// maxQuoted is the length that Quote cuts a text to, in bytes.
const maxQuoted = 512

// Quote returns a server's text for the text of an error: short, and on one line.
func Quote(text string) string {
	short := text[:min(len(text), maxQuoted)]
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError: // not UTF-8, or cut
			return -1
		case !unicode.IsPrint(r):
			return ' '
		}
		return r
	}, short)
	if len(short) < len(text) {
		clean += "..."
	}
	return clean
}

type permanentError struct{ err error }

func (e *permanentError) Error() string        { return e.err.Error() }
func (e *permanentError) Unwrap() error        { return e.err }
func (e *permanentError) Is(target error) bool { return target == ErrPermanent }
