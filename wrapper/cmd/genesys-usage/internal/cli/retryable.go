package cli

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/genesyscloud-go/usage/wrapper"
)

// retryable reports whether the same call may succeed later with nothing changed.
func retryable(err error) bool {
	if api, ok := errors.AsType[*wrapper.APIError](err); ok {
		return api.StatusCode == http.StatusRequestTimeout || api.StatusCode == http.StatusTooManyRequests ||
			api.StatusCode >= 500 && api.StatusCode != http.StatusNotImplemented &&
				api.StatusCode != http.StatusHTTPVersionNotSupported
	}
	if execution, ok := errors.AsType[*wrapper.ExecutionError](err); ok &&
		!strings.Contains(execution.Error(), "takes it up again") {
		return false
	}
	return !errors.Is(err, wrapper.ErrQueryFailed) && !errors.Is(err, context.Canceled)
}
