package usagetest

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"time"
)

const tokenPath = "/oauth/token"

// token answers a request for a token.
func (s *Server) token(request *http.Request, body []byte, fault *Fault) *answer {
	if request.Method != http.MethodPost {
		return jsonAnswer(http.StatusMethodNotAllowed, map[string]string{"error": "invalid_request"})
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("grant_type") != "client_credentials" {
		return jsonAnswer(http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type", "description": "unknown grant_type", "error_description": "unknown grant_type"})
	}
	id, secret, _ := request.BasicAuth()
	id, err1 := url.QueryUnescape(id) // RFC 6749, 2.3.1
	secret, err2 := url.QueryUnescape(secret)
	if errors.Join(err1, err2) != nil || id != s.config.ClientID || secret != s.config.ClientSecret {
		return jsonAnswer(http.StatusBadRequest, map[string]string{"error": "invalid_client", "description": "client not found or wrong secret", "error_description": "client not found or wrong secret"})
	}
	life := s.config.TokenTTL
	if fault.TokenTTL != 0 {
		life = fault.TokenTTL
	}
	token := rand.Text()
	s.mu.Lock()
	s.tokens[token] = time.Now().Add(life)
	s.mu.Unlock()
	return jsonAnswer(http.StatusOK, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": seconds(life)})
}

// authorized tells whether a token is good.
func (s *Server) authorized(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	expiry, ok := s.tokens[token]
	return ok && time.Now().Before(expiry)
}

// RevokeTokens revokes all tokens: the API answers them with 401, although they
// have not expired.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// seconds rounds up to whole seconds, which is how the vendor tells times.
func seconds(d time.Duration) int64 {
	if d < 0 {
		return int64(d / time.Second)
	}
	return int64((d + time.Second - 1) / time.Second)
}
