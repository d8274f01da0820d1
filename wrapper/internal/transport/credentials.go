package transport

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// Credentials are where tokens come from: an AccessToken, or a Source, or ClientID and
// ClientSecret.
type Credentials struct {
	AccessToken            string
	Source                 oauth2.TokenSource
	ClientID, ClientSecret string
}

// ValidToken reports whether a token can be sent in a header.
func ValidToken(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// fetchFrom returns a function that fetches tokens from a source, which takes no context:
// a call that has not returned when the context ends is abandoned.
func fetchFrom(source oauth2.TokenSource) func(context.Context) (*oauth2.Token, error) {
	type result struct {
		token *oauth2.Token
		err   error
	}
	return func(ctx context.Context) (*oauth2.Token, error) {
		results := make(chan result, 1)
		go func() {
			token, err := source.Token()
			results <- result{token, err}
		}()
		select {
		case r := <-results:
			if r.err != nil {
				return nil, fmt.Errorf("fetching a token from the token source: %w", sourceError(r.err))
			}
			return r.token, nil
		case <-ctx.Done():
			return nil, failure.Context(ctx)
		}
	}
}

// sourceError marks the refusal of a token source that fetches tokens by OAuth too.
func sourceError(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if ok && refused.Response != nil && !TransientStatus(refused.Response.StatusCode) {
		return failure.Permanent(err)
	}
	return err
}

// login fetches tokens by the client credentials grant. Package clientcredentials is not
// used: its errors and its client's redirects carry the secret, and it takes no fraction
// of a second for expires_in.
type login struct {
	retry *retrier
	url   string
	Credentials
}

// loginError returns the errors of a login host: a refusal, or else the error of the status
// without the body, which may have a token.
func loginError(other NewStatusError) NewStatusError {
	return func(response *http.Response, body []byte) error {
		if err := refusal(response, body); err != nil {
			return err
		}
		return other(response, nil)
	}
}

func (l *login) fetch(ctx context.Context) (token *oauth2.Token, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url,
		strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return nil, failure.Permanent(err)
	}
	request.SetBasicAuth(url.QueryEscape(l.ClientID), url.QueryEscape(l.ClientSecret)) // RFC 6749, 2.3.1
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	//nolint:bodyclose // there is none beside a Reader
	_, err = l.retry.send(request, func(response *http.Response) (bool, error) {
		token, err = decodeToken(response.Body)
		return false, err
	}, true)
	if err != nil {
		return nil, fmt.Errorf("fetching a token from %s: %w", request.URL.Host, err)
	}
	return token, nil
}

// decodeToken decodes the response of a login host. Its errors quote nothing of it.
func decodeToken(body io.Reader) (*oauth2.Token, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxBody))
	var fields struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	switch data = bytes.TrimSpace(data); {
	case err != nil:
		return nil, fmt.Errorf("truncated: %w", err)
	case len(data) == 0:
		return nil, errors.New("empty response")
	case !json.Valid(data):
		return nil, errors.New("not JSON")
	case data[0] != '{':
		return nil, failure.Permanentf("not a JSON object")
	}
	_ = json.Unmarshal(data, &fields) // a field of another type is zero
	if fields.AccessToken == "" {
		return nil, failure.Permanentf("no access_token in the response")
	}
	token := &oauth2.Token{AccessToken: fields.AccessToken, TokenType: fields.TokenType}
	const longest = 1e9 // about 30 years, which a time.Duration holds
	if seconds, _ := strconv.ParseFloat(strings.Trim(string(fields.ExpiresIn), `"`), 64); seconds > 0 {
		token.Expiry = time.Now().Add(time.Duration(min(seconds, longest) * float64(time.Second)))
	}
	return token, nil
}

// refusal returns the error of a response that refuses the credentials: by its status, or
// by an error code of OAuth (RFC 6749, 5.2). It returns nil for any other, of a login host
// that is down, rate limits or redirects, or of a proxy.
func refusal(response *http.Response, data []byte) error {
	var body struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(data, &body)
	if strings.Trim(body.Code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		body.Code = "" // not of OAuth
	}
	switch status := response.StatusCode; {
	case status == http.StatusBadRequest, status == http.StatusUnauthorized:
	case status/100 == 4 && !TransientStatus(status) && status != http.StatusProxyAuthRequired && body.Code != "":
	default:
		return nil
	}
	status := fmt.Sprintf("%d %s", response.StatusCode, http.StatusText(response.StatusCode))
	return &refusedError{&oauth2.RetrieveError{
		Response: &http.Response{Status: status, StatusCode: response.StatusCode, Header: response.Header,
			Request: &http.Request{Method: response.Request.Method, URL: response.Request.URL}}, // not its header
		ErrorCode: body.Code, ErrorDescription: failure.Quote(body.Description),
	}}
}

// refusedError words an *oauth2.RetrieveError.
type refusedError struct{ *oauth2.RetrieveError }

func (e *refusedError) Error() string {
	text := e.Response.Status + ": " + cmp.Or(e.ErrorCode, "no reason given")
	if e.ErrorDescription != "" {
		text += ": " + e.ErrorDescription
	}
	return text + correlation(e.Response.Header) + "; check the client id and secret, and that they belong to this region"
}

func (e *refusedError) Unwrap() error { return e.RetrieveError }
