// Package failure marks errors where they are made, so that nobody has to guess from their
// types later. An error without a mark is transient: most errors that come from elsewhere,
// of connections above all, are.
package failure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The marks, for errors.Is.
var (
	// ErrPermanent is in the chain of an error that a retry cannot fix.
	ErrPermanent = errors.New("permanent")
	// ErrBlocked is in the chain of a permanent error, and ErrPermanent with it, if the request
	// itself may succeed once its surroundings are corrected: its context ended, or the
	// credentials, the certificate or the proxy were refused.
	ErrBlocked = fmt.Errorf("blocked: %w", ErrPermanent)
	// ErrTransient is in the chain of an error of a request that may succeed later, if
	// ErrPermanent is not.
	ErrTransient = errors.New("transient")
)

// Permanent marks err with ErrPermanent.
func Permanent(err error) error { return &marked{err, ErrPermanent} }

// Permanentf is Permanent of fmt.Errorf.
func Permanentf(format string, args ...any) error { return Permanent(fmt.Errorf(format, args...)) }

// Blocked marks err with ErrBlocked.
func Blocked(err error) error { return &marked{err, ErrBlocked} }

// Transient marks err with ErrTransient.
func Transient(err error) error { return &marked{err, ErrTransient} }

// IsPermanent reports whether err, or an error that it wraps, is permanent.
func IsPermanent(err error) bool { return errors.Is(err, ErrPermanent) }

// Context returns the error of a context that has ended: its cause, as net/http
// returns it. It is permanent, since the context stays ended.
func Context(ctx context.Context) error { return Blocked(context.Cause(ctx)) }

// WithContext returns the error of a call whose context has ended: err if that wraps the
// cause, and so says more, and otherwise the cause.
func WithContext(ctx context.Context, err error) error {
	if errors.Is(err, context.Cause(ctx)) {
		return Blocked(err)
	}
	return Context(ctx)
}

type marked struct{ err, mark error }

func (e *marked) Error() string        { return e.err.Error() }
func (e *marked) Unwrap() error        { return e.err }
func (e *marked) Is(target error) bool { return errors.Is(e.mark, target) }

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
