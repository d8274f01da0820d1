package usagetest

import (
	"crypto/rand"
	"errors"
	"math"
	"net/http"
	"net/url"
	"time"
)

const tokenPath = "/oauth/token"

// Token returns a new access token, for wrapper.WithAccessToken and for plain HTTP
// clients. The API takes it until Config.TokenTTL is over.
func (s *Server) Token() string {
	token := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = time.Now().Add(s.config.TokenTTL)
	return token
}

// respondToken returns the response to a request for a token.
func (s *Server) respondToken(x *exchange) *response {
	form, err := url.ParseQuery(string(x.body))
	if err != nil || form.Get("grant_type") != "client_credentials" {
		return tokenError(http.StatusBadRequest, "unsupported_grant_type", "unknown grant_type")
	}
	id, secret, _ := x.BasicAuth()
	id, err1 := url.QueryUnescape(id) // RFC 6749, 2.3.1
	secret, err2 := url.QueryUnescape(secret)
	if errors.Join(err1, err2) != nil || id != s.config.ClientID || secret != s.config.ClientSecret {
		return tokenError(http.StatusBadRequest, "invalid_client", "client not found or wrong secret")
	}
	return jsonResponse(http.StatusOK, map[string]any{
		"access_token": s.Token(), "token_type": "bearer", "expires_in": seconds(s.config.TokenTTL),
	})
}

func tokenError(status int, code, description string) *response {
	return jsonResponse(status, map[string]string{
		"error": code, "description": description, "error_description": description,
	})
}

// authorized reports whether a token is valid.
func (s *Server) authorized(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.tokens[token])
}

// seconds rounds up to seconds, the vendor's unit of time.
func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }
