package wrapper_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"golang.org/x/oauth2"
)

// Markers that are recognized wherever they get to.
const (
	markedID     = "MARKED-ID"
	markedSecret = "MARKED%SECRET+/="
	markedToken  = "MARKEDTOKEN"
)

// hidden are the forms in which a secret travels.
func hidden() []string {
	escaped := url.QueryEscape(markedSecret)
	return []string{
		markedSecret, escaped, url.PathEscape(markedSecret), base64.StdEncoding.EncodeToString([]byte(markedSecret)),
		base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(markedID) + ":" + escaped)), markedToken,
		base64.StdEncoding.EncodeToString([]byte(markedToken)),
	}
}

// lockedBuffer takes a log from several goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// No secret is in a log, an error, or what fmt prints of any exported type,
// whatever happens.
func TestSecretsDoNotGetOut(t *testing.T) {
	for name, fault := range outcomes() {
		for _, credential := range []string{"client credentials", "token", "source"} {
			t.Run(name+"/"+credential, func(t *testing.T) {
				t.Parallel()
				// The fake's tokens are made up; this one is the marker, and refused later.
				config := usagetest.Config{ClientID: markedID, ClientSecret: markedSecret, Fault: fault}
				if fault == nil {
					body := `{"access_token":"` + markedToken + `","token_type":"bearer","expires_in":3600}`
					config.Fault = on(tokenPath, usagetest.Fault{Body: []byte(body)})
				}
				server := newUsageServer(t, config)
				var log lockedBuffer
				handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
				options := append(hasty(server), wrapper.WithLogger(slog.New(handler)))
				switch credential {
				case "token":
					options = append(options, wrapper.WithAccessToken(markedToken))
				case "source":
					source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: markedToken})
					options = append(options, wrapper.WithTokenSource(source))
				}
				client := mustNew(t, options...)
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				printed := []any{client, options, server, config, client.API(), server.Requests()}
				execution, err := client.Submit(ctx, january)
				printed = append(printed, execution, err)
				if execution != nil {
					rows, err := execution.Wait(ctx)
					printed = append(printed, rows, err)
				}
				response, err := client.API().PostUsageQueryWithResponse(ctx, january)
				printed = append(printed, response, err)
				if response != nil {
					// Not the request itself: it has its context, which others use.
					sent := response.HTTPResponse.Request
					printed = append(printed, response.HTTPResponse.Header, sent.Header, sent.URL)
				}
				var all strings.Builder
				all.WriteString(log.String())
				for _, value := range printed {
					print(&all, value)
				}
				for _, secret := range hidden() {
					if i := strings.Index(all.String(), secret); i >= 0 {
						t.Errorf("%s is in %q", secret, all.String()[max(i-200, 0):min(i+100, all.Len())])
					}
				}
			})
		}
	}
}

// print prints a value in all ways, and the errors that it wraps.
func print(all *strings.Builder, value any) {
	fmt.Fprintf(all, "%v %+v %#v %s %q\n", value, value, value, value, value)
	switch err := value.(type) {
	case interface{ Unwrap() error }:
		print(all, err.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range err.Unwrap() {
			print(all, err)
		}
	case *oauth2.RetrieveError:
		print(all, err.Response)
		print(all, *err.Response)
		print(all, string(err.Body))
	}
}

// No redirect takes a secret or a token to another server, and none is followed
// on the same one.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := newUsageServer(t, usagetest.Config{})
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, path := range []string{tokenPath, submitPath, resultPath} {
			for _, location := range []string{elsewhere.URL, ""} {
				server := newUsageServer(t, usagetest.Config{Fault: on(path, redirectTo(location+"/redirected", status))})
				if _, err := mustNew(t, patient(server)...).Query(t.Context(), january); err == nil {
					t.Errorf("%d at %s: no error", status, path)
				}
				for _, request := range server.Requests() {
					if request.Path == "/redirected" {
						t.Errorf("%d at %s was followed on the same server", status, path)
					}
				}
			}
		}
	}
	if n := len(elsewhere.Requests()); n > 0 {
		t.Errorf("%d requests got to another server", n)
	}
}
