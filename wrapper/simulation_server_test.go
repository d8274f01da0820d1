package wrapper_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper"
)

// The server of TestSimulation, its faults, and the requests that it gets.

// ---- Faults ----

// A fault is what a request meets in place of what it came for.
type fault struct {
	name   string
	kind   kind
	status int           // of the response
	after  time.Duration // its Retry-After
	result func(*result) // changes the state of the operation
	reply  func(*reply)  // changes how the response is sent
}

// A kind says what has to become of a fault.
type kind int

const (
	none    kind = iota
	pending      // the operation is not complete yet
	early        // the same, but there are rows
	outage       // tells nothing of the result: is retried, and waited out after the submit
	stalled      // the same, but there may be rows
	garbled      // content that cannot be read to its end: is retried, and not waited out
	changed      // the same, and the next content may be another one
	missing      // 404: is waited out for 30 s after the submit
	final        // is not retried
	failed       // the operation has failed
	kinds
)

// A phase is what a request is for.
type phase int

const (
	login  phase = iota
	submit       // a query or job
	poll         // its state, and the first page
	next         // another page
	phases
)

// drawFault draws one of all faults that a phase can have.
func (w *world) drawFault(random *rand.Rand, p phase) fault {
	short := time.Duration(pick(random, 1, 7, 60)) * time.Second
	long := time.Duration(pick(random, 181, 3600)) * time.Second
	refused := pick(random, 400, 401)
	down := pick(random, 408, 429, 500, 502, 503, 504)
	bad := pick(random, 301, 302, 307, 308, 403, 405, 409, 413, 501, 505)
	reason := pick(random, "null", "[]", `{"message":"Demo","code":"demo","status":"?","errors":{},"contextId":"demo"}`)
	page := pick(random, "", "<html>", reason)
	status := pick(random, "Running", "running", "Paused")
	more := `,"cursors":{"after":"x"},"nextUri":"/nowhere"`
	if p == next {
		more = `,"nextUri":"/?after=1"` // again
	}
	share := random.Float64()
	sends := func(body string) func(*reply) { return func(r *reply) { r.body = body } }
	turns := func(into result) func(*result) { return func(r *result) { *r = into } }
	ends := func(how ending) func(*reply) { return func(r *reply) { r.headers, r.arrives, r.ends = false, 0, how } }
	cut := func(r *reply) { r.arrives, r.ends = 1+int(share*float64(len(r.body)-1)), reset }
	cutOff := fault{name: "cut", kind: garbled, reply: cut}
	anotherContent := fault{name: "another content", kind: changed, reply: func(r *reply) {
		cut(r)
		r.last = func() { w.version++ }
	}}

	all := []fault{
		{name: "refused", kind: outage},
		{name: "reset", kind: outage, reply: ends(reset)},
		{name: "silence", kind: outage, reply: ends(stall)},
		{name: "no HTTP", kind: outage, reply: ends(noHTTP)},
		{name: "empty", kind: outage, reply: sends("")},
		{name: "down", kind: outage, status: down, reply: sends(page)},
		{name: "down for a while", kind: outage, status: down, after: short, reply: sends(page)},
		{name: "down for long", kind: outage, status: down, after: long, reply: sends(page)},
		{name: "rate limited", kind: outage, status: 429, after: short, reply: sends(page)},
		{name: "stalled", kind: stalled, reply: func(r *reply) {
			r.arrives, r.ends = int(share*float64(len(r.body))), stall
		}},
		cutOff,
		{name: "HTML", kind: garbled, reply: sends("<html>")},
		{name: "byte order mark", kind: garbled, reply: func(r *reply) { r.body = "\ufeff" + r.body }},
		{name: "too deep", kind: garbled, reply: sends(deep)},
		{name: "text after the object", kind: garbled, reply: func(r *reply) { r.body += "}" }},
		{name: "rejected", kind: final, status: bad, reply: sends(page)},
		{name: "of another type", kind: final, reply: sends(pick(random, `[]`, `"id"`, "7"))},
	}
	switch p {
	case login:
		return pick(random, append(all,
			fault{name: "credentials refused", kind: final, status: refused, reply: sends(`{"error":"invalid_client"}`)},
			fault{name: "no token", kind: final, reply: sends(`{"token_type":"bearer"}`)},
			fault{name: "another type of token", kind: final, reply: sends(`{"access_token":"T","token_type":"mac"}`)},
		)...)
	case submit:
		all = append(all, fault{name: "no id", kind: final, reply: sends(`{"executionId":"","id":""}`)})
	case poll, next:
		if random.IntN(5) == 0 { // more often than others, since this is how rows get lost
			return pick(random, cutOff, anotherContent)
		}
		all = append(all, anotherContent,
			fault{name: "pending", kind: pending, result: turns(result{status: status})},
			fault{name: "pending for a while", kind: pending, after: short, result: turns(result{status: status})},
			fault{name: "rows too early", kind: early, result: func(r *result) { r.status = status }},
			fault{name: "not found", kind: missing, status: 404, reply: sends(page)},
			fault{name: "failed", kind: failed, result: turns(result{status: "Failed", fields: `,"errorBody":` + reason})},
			fault{name: "more elsewhere", kind: final, result: func(r *result) { r.fields = more }},
		)
	}
	return pick(random, append(all, fault{name: "token revoked", kind: outage, status: 401})...) // or final; see authorize
}

// deep is nested deeper than JSON may be.
var deep = `{"new":` + strings.Repeat("[", 10_001)

// throttles reports whether the fault does not count as an attempt.
func (f fault) throttles() bool {
	return f.status == http.StatusTooManyRequests && f.after > 0 && f.after <= maxRetryAfter
}

const maxRetryAfter = 3 * time.Minute

// heal ends all faults, and the caller's haste.
func (w *world) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scripts, w.healed, w.calls = [phases]script{}, true, nil
	w.caller, w.over, w.plan.end = w.life, time.Time{}, "never"
}

// ---- The server ----

const (
	apiHost     = "127.0.0.1:1"
	loginHost   = "127.0.0.1:2"
	elsewhere   = "http://elsewhere.example/"
	secret      = "s3cr3t+/%=" // each token begins with it
	operationID = "demo/1"
	numberKey   = "X-Exchange" // a header
)

// A network has the connections that the server has not accepted yet. They are pipes.
type network chan net.Conn

func (n network) Close() error   { close(n); return nil }
func (n network) Addr() net.Addr { return &net.TCPAddr{} }

func (n network) Accept() (net.Conn, error) {
	if conn, ok := <-n; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (n network) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	n <- far
	return near, nil
}

func (w *world) start() {
	w.began, w.network = time.Now(), make(network)
	w.life, w.end = context.WithTimeout(context.Background(), 24*time.Hour)
	w.secrets = []string{secret}
	w.tokens = []time.Time{w.began.Add(w.token.life)} // the static one
	w.server = http.Server{Handler: w, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go w.server.Serve(w.network)
	synctest.Wait()
	w.goroutines = runtime.NumGoroutine()
}

func (w *world) stop() {
	if w.life.Err() != nil {
		w.breaks("the world did not end")
	}
	w.end()
	w.server.Close()
}

// A habit is how the server writes a response.
type habit struct {
	framing string        // of the body
	dates   bool          // in a Retry-After
	pause   time.Duration // before the headers, and in the middle of the body
}

// A reply is a response and how it is sent.
type reply struct {
	headers bool // arrive
	body    string
	arrives int    // so many bytes of the body
	last    func() // is called before the last of them
	ends    ending
}

type ending int

const (
	complete ending = iota
	reset
	stall
	noHTTP // what arrives is no response
)

// ServeHTTP serves the request of an exchange, as its fault says.
func (w *world) ServeHTTP(rw http.ResponseWriter, request *http.Request) {
	_, _ = io.Copy(io.Discard, request.Body) // or the server does not notice when the client leaves
	number, _ := strconv.Atoi(request.Header.Get(numberKey))
	habit := w.habits[number%len(w.habits)]
	x, r := w.serve(number, request)
	send := func(text string) {
		_, _ = io.WriteString(rw, text)
		_ = http.NewResponseController(rw).Flush()
	}
	sleep(request.Context(), habit.pause)
	if request.Context().Err() != nil {
		return
	}
	body := r.body[:min(r.arrives, len(r.body))]
	if r.headers {
		setHeaders(rw.Header(), x, len(r.body), habit)
		rw.WriteHeader(cmp.Or(x.fault.status, http.StatusOK))
		send(body[:len(body)/2])
	}
	if w.interrupts(x) {
		w.interrupt()
	}
	if rest := body[len(body)/2:]; rest != "" {
		sleep(request.Context(), habit.pause)
		w.mu.Lock()
		r.last()
		w.mu.Unlock()
		send(rest)
	}
	switch r.ends {
	case reset:
		panic(http.ErrAbortHandler)
	case stall:
		<-request.Context().Done()
	case noHTTP:
		if conn, _, err := http.NewResponseController(rw).Hijack(); err == nil {
			_, _ = io.WriteString(conn, r.body)
			_ = conn.Close()
		}
	}
}

// interrupts reports whether the caller's context ends in an exchange.
func (w *world) interrupts(x *exchange) bool {
	return w.plan.end == "in an exchange" && x.number == w.plan.during
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// serve returns the reply to a request.
func (w *world) serve(number int, request *http.Request) (*exchange, *reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.exchanges[number]
	r := &reply{headers: true, arrives: math.MaxInt, last: func() {}}
	switch {
	case x.phase == login:
		x.token = len(w.tokens)
		w.tokens = append(w.tokens, time.Now())
		r.body = fmt.Sprintf(`{"access_token":%q,"token_type":"bearer","expires_in":%s}`, tokenOf(x.token), w.token.expiresIn)
		r.last = func() { w.tokens[x.token] = time.Now().Add(w.token.life) }
	case x.phase == submit:
		r.body = fmt.Sprintf(`{"executionId":%q,"id":%[1]q}`, operationID)
	default:
		page, _ := strconv.Atoi(request.URL.Query().Get("after"))
		r.body = w.resultOf(page, x.fault.result)
	}
	if x.fault.reply != nil {
		x.fault.reply(r)
	}
	return x, r
}

// A tokenPolicy says what tokens are worth.
type tokenPolicy struct {
	static    bool          // the caller has one, which cannot be renewed
	expiresIn string        // what the login host says of a new one
	life      time.Duration // what is true
	early     bool          // life is shorter
}

func tokenOf(number int) string { return fmt.Sprintf("%s-%d", secret, number) }

// authorize checks the token of an exchange. A 401 is final if no other token can be had.
func (w *world) authorize(x *exchange) {
	if x.fault.status == http.StatusUnauthorized {
		w.revoked = len(w.tokens)
	}
	if w.healed || x.token >= w.revoked && time.Now().Before(w.tokens[x.token]) {
		return
	}
	x.fault = fault{name: "unauthorized", kind: outage, status: http.StatusUnauthorized, reply: func(r *reply) {
		r.body = `{"message":"Demo","status":401}`
	}}
	if w.token.static {
		x.fault.kind = final
	}
}

// setHeaders sets the headers of a response.
func setHeaders(header http.Header, x *exchange, length int, habit habit) {
	switch habit.framing {
	case "length":
		header.Set("Content-Length", strconv.Itoa(length))
	case "close":
		header.Set("Transfer-Encoding", "identity")
	}
	header.Set("Location", elsewhere)
	switch {
	case x.fault.after > 0 && habit.dates:
		header.Set("Retry-After", time.Now().Add(x.fault.after).UTC().Format(http.TimeFormat))
	case x.fault.after > 0:
		header.Set("Retry-After", strconv.Itoa(int(x.fault.after/time.Second)))
	}
}

// A result is the state of an operation.
type result struct {
	status string
	rows   []string
	fields string // more of them
}

// A jsonStyle is how the server writes a result.
type jsonStyle struct {
	capitals    bool // of names and statuses
	statusFirst bool
	fields      string // that are not documented
}

// firstRow returns the number of rows before a page.
func (w *world) firstRow(page int) (n int) {
	for _, rows := range w.pages[:page] {
		n += rows
	}
	return n
}

// resultOf returns the JSON of a page, which a fault may change.
func (w *world) resultOf(page int, change func(*result)) string {
	status, rows, number, spell := "Complete", "results", "requests", func(s string) string { return s }
	if w.jobs {
		status, rows, number = "Succeeded", "entities", "requestCount"
	}
	if w.json.capitals {
		spell = strings.ToUpper
	}
	r := &result{status: status, rows: []string{}}
	for i := range w.pages[page] {
		r.rows = append(r.rows, fmt.Sprintf(`{%q:%d,"templateUri":"api/v2/\u00e9/{id}"}`,
			spell(number), 1000*w.version+w.firstRow(page)+i+1))
	}
	if page+1 < len(w.pages) {
		r.fields = fmt.Sprintf(`,%q:"%sx?pageSize=7&after=%d"`, spell("nextUri"), elsewhere, page+1)
	}
	if change != nil {
		change(r)
	}
	fields := []string{fmt.Sprintf("%q:%q", spell("queryStatus"), spell(r.status))}
	if r.rows != nil {
		fields = append(fields, fmt.Sprintf("%q:[%s]", spell(rows), strings.Join(r.rows, ", ")))
	}
	if !w.json.statusFirst {
		slices.Reverse(fields)
	}
	return "{" + w.json.fields + strings.Join(fields, ",") + r.fields + "}"
}

// ---- Requests ----

// An exchange is a request, and what it meets.
type exchange struct {
	number  int
	at      time.Duration // since the world began
	call    *call
	phase   phase
	request string
	token   int // the number of the one that is sent, or issued
	fault   fault
}

// A client is one of the package's.
type client struct {
	*wrapper.Client
	world     *world
	transport http.Transport
}

func (w *world) newClient() *client {
	c := &client{world: w, transport: http.Transport{DialContext: w.network.dial}}
	w.clients = append(w.clients, c)
	options := []wrapper.Option{
		wrapper.WithBaseURL("http://" + apiHost), wrapper.WithLoginURL("http://" + loginHost),
		wrapper.WithHTTPClient(&http.Client{Transport: c}), wrapper.WithProgress(w.progress),
		wrapper.WithLogger(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		wrapper.WithClientCredentials("demo", secret),
	}
	if w.token.static {
		options = append(options, wrapper.WithAccessToken(tokenOf(0)))
	}
	if !w.healed {
		options = append(options, wrapper.WithRetry(w.retry), wrapper.WithPolling(w.polling))
	}
	var err error
	if c.Client, err = wrapper.New("", options...); err != nil {
		panic(err)
	}
	return c
}

// RoundTrip sends a request as an exchange.
func (c *client) RoundTrip(request *http.Request) (*http.Response, error) {
	x := c.world.begin(request)
	if x.fault.name == "refused" {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	request = request.Clone(request.Context())
	request.Header.Set(numberKey, strconv.Itoa(x.number))
	return c.transport.RoundTrip(request)
}

// begin begins an exchange, and checks what is promised of each request.
func (w *world) begin(request *http.Request) *exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := &exchange{number: len(w.exchanges), at: time.Since(w.began), call: request.Context().Value(callKey{}).(*call),
		request: request.Method + " " + request.URL.RequestURI(), phase: poll}
	w.exchanges = append(w.exchanges, x)
	switch {
	case request.URL.Host == loginHost:
		x.phase = login
	case request.Method == http.MethodPost:
		x.phase = submit
	case request.URL.Query().Has("after"):
		x.phase = next
	}
	if script := &w.scripts[x.phase]; len(script.faults) > 0 {
		x.fault = script.faults[0]
		if len(script.faults) > 1 || !script.lasts {
			script.faults = script.faults[1:]
		}
	}
	scheme, credential, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	w.secrets = append(w.secrets, credential)
	if request.URL.Host+scheme != loginHost+"Basic" && request.URL.Host+scheme != apiHost+"Bearer" {
		w.breaks("exchange %d: credentials %q were sent to %s", x.number, scheme, request.URL)
	}
	if x.phase != login {
		x.token, _ = strconv.Atoi(strings.TrimPrefix(credential, secret+"-"))
		w.authorize(x)
	}
	if attempts := x.call.count(x); attempts > w.attempts() {
		w.breaks("exchange %d: attempt %d of %d", x.number, attempts, w.attempts())
	}
	if x.number == 20_000 {
		w.breaks("too many exchanges")
		w.end()
	}
	return x
}

// attempts is how often a request may be sent.
func (w *world) attempts() int { return cmp.Or(w.retry.MaxAttempts, 5) }

// A budget counts the attempts of a request.
type budget struct {
	request string
	rows    int    // before the last attempt
	well    bool   // the last attempt was
	gained  bool   // the last attempt may have brought rows to a call that collects them
	renewed bool   // because of that
	tries   [2]int // of fetching the token, and of the request itself
}

func (b *budget) of(p phase) *int { return &b.tries[min(p, submit)] }

// count notes an exchange, and returns how many attempts of its request there were.
func (c *call) count(x *exchange) int {
	w := c.world
	c.last = x
	c.polled = c.polled || x.phase >= poll
	switch {
	case x.fault.kind == missing && c.lost == 0:
		c.lost = x.at
	case x.phase != login && (x.fault.kind == none || x.fault.kind == pending):
		c.lost = 0
	}
	b := &c.budget
	switch {
	case x.phase == login:
	case x.request != b.request:
		*b = budget{request: x.request, rows: len(c.rows)}
	case b.well:
		w.breaks("exchange %d: once more, although all was well", x.number)
	case len(c.rows) > b.rows: // the last attempt brought some, and is the first of others
		*b = budget{request: x.request, rows: len(c.rows), tries: [2]int{0, 1}}
	case b.gained:
		*b = budget{request: x.request, renewed: true, tries: [2]int{0, 1}}
	}
	if x.phase != login {
		b.tries[login] = 0
		sameContent := len(c.rows) == 0 || int(c.rows[len(c.rows)-1])/1000 == w.version
		b.well = x.fault.kind == none && sameContent && (!c.collects || w.version == 0)
		b.gained = c.collects && x.phase >= poll && slices.Contains([]kind{early, stalled, garbled, changed}, x.fault.kind)
	}
	if !x.fault.throttles() || w.attempts() == 1 {
		*b.of(x.phase)++
	}
	return *b.of(x.phase)
}

// progress notes that each request from now on is another one.
func (w *world) progress(p wrapper.Progress) {
	fmt.Fprintf(w, "%+v\n", p)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if !c.ended.IsZero() {
			continue
		}
		c.budget = budget{}
		if p.Err == nil || w.plan.do == "several" || c.last.phase < poll {
			continue
		}
		if f := c.last.fault; f.kind > stalled && f.kind != missing {
			c.breaks("waited out %q: %v", f.name, p.Err)
		}
	}
}

// Write takes the log and other texts.
func (w *world) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.texts.Write(text)
}
