package wrapper_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/internal/rows"
)

var (
	simulationSeed   = flag.Uint64("seed", 0, "the world that TestSimulation tells the story of, or the first of -worlds")
	simulationWorlds = flag.Uint64("worlds", 0, "how many worlds TestSimulation draws (default 3,000; tag soak: 100,000)")
)

// TestSimulation is the specification of the package. It draws worlds from seeds: a report,
// a server with its faults, and a caller with options, a context and a plan. A world runs in
// the fake time of package synctest, between the real client and the real server of net/http.
// Whatever happens in it, the promises of the README hold.
//
// A failure prints the seed and the story of its world: all requests, and what they met. It
// is replayed by
//
//	go test ./wrapper -run TestSimulation -seed N
//
// where -count may help: jitter, and what happens at the same instant, are not of the seed.
func TestSimulation(t *testing.T) {
	// The race detector fails where many timers of a bubble fire at once on several
	// processors (golang.org/issue/78156).
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	seed, worlds := max(*simulationSeed, 1), *simulationWorlds
	told := *simulationSeed > 0 && worlds == 0
	switch {
	case worlds > 0:
	case told:
		worlds = 1
	case wrapper.Soak:
		worlds = 100_000
	default:
		worlds = 3_000
	}
	for end := seed + worlds; seed < end && !t.Failed(); seed++ {
		synctest.Test(t, func(t *testing.T) {
			w := drawWorld(seed)
			w.start()
			defer func() {
				if w.life.Err() == nil { // a panic, with which the log of t is lost
					fmt.Printf("seed %d: panic\n%s", seed, w.story())
				}
			}()
			w.run()
			w.stop()
			if len(w.broken) > 0 {
				t.Errorf("seed %d: %s\n%s", seed, strings.Join(w.broken, "\n"), w.story())
			}
			if told {
				t.Logf("%s\n%s", w.story(), w.texts.String())
			}
		})
	}
}

// ---- The world ----

// A world is all that a seed decides, and what becomes of it.
type world struct {
	jobs    bool  // the API: usage jobs, or else the usage query
	pages   []int // how many rows each page of the report has; a query has one page
	json    jsonStyle
	habits  [8]habit // of the server, in turn
	token   tokenPolicy
	retry   wrapper.Retry
	polling wrapper.Polling
	plan    plan

	server     http.Server
	network    network
	clients    []*client
	goroutines int // without calls
	began      time.Time
	life       context.Context // of the world, should it never end by itself
	end        func()          // of it
	caller     context.Context // of all calls
	interrupt  func()          // ends caller

	mu        sync.Mutex // for what is below
	scripts   [phases]script
	healed    bool
	tokens    []time.Time // of expiry
	revoked   int         // so many tokens, the oldest ones, are rejected
	version   int         // of the content of the report
	over      time.Time   // the end of caller
	exchanges []*exchange
	calls     []*call
	texts     strings.Builder // errors, logs and progress
	secrets   []string
	broken    []string // promises
}

// A script is what the requests of one phase meet, in turn. After that all is well, or the
// last fault lasts.
type script struct {
	faults []fault
	lasts  bool
}

// A plan is what the caller does.
type plan struct {
	do     string
	leave  int           // how many rows a loop sees that is left, or whose context ends in it
	think  time.Duration // what a loop takes for a row
	end    string        // of the context
	after  time.Duration // cancel, deadline
	during int           // the number of the exchange
}

func drawWorld(seed uint64) *world {
	random := rand.New(rand.NewPCG(seed, 0))
	upTo := func(n int) int { return random.IntN(n + 1) }
	chance := func(share float64) bool { return random.Float64() < share }
	const day = 24 * time.Hour

	w := &world{jobs: chance(0.4), pages: []int{upTo(6)}}
	for w.jobs && chance(0.6) {
		w.pages = append(w.pages, upTo(4))
	}
	w.json = jsonStyle{chance(0.2), chance(0.5), pick(random, "", "", `"new":[{"results":[]}],`, `"new":{},"new":1,`)}
	for i := range w.habits {
		w.habits[i] = habit{pick(random, "length", "chunked", "close"), chance(0.5),
			pick(random, 0, 0, time.Millisecond, 300*time.Millisecond, 1500*time.Millisecond)}
	}
	w.token = pick(random, tokenPolicy{static: true, life: day},
		tokenPolicy{expiresIn: "86400", life: day},
		tokenPolicy{expiresIn: "100", life: 100 * time.Second},
		tokenPolicy{expiresIn: "3", life: 3 * time.Second},
		tokenPolicy{expiresIn: "300", life: 40 * time.Second, early: true},
		tokenPolicy{expiresIn: pick(random, `"3600"`, "3600.5", "null", "0", "-5"), life: day})
	initial := pick(random, 0, 10*time.Millisecond, time.Second)
	w.retry = wrapper.Retry{
		MaxAttempts: upTo(5), Initial: initial, Stall: pick(random, 0, 2*time.Second, 20*time.Second),
	}
	w.polling = wrapper.Polling{
		Initial: initial, Max: pick(random, 0, time.Second, 20*time.Second), Multiplier: pick(random, 0, 3.),
	}
	if chance(0.1) {
		w.polling.Timeout = time.Duration(math.Pow(10, 7+4*random.Float64())) // 10 ms to 100 s
	}
	w.plan = plan{
		do:     pick(random, "Query", "QueryRows", "Wait", "Rows", "leave Rows", "Poll", "resume", "several"),
		leave:  1 + upTo(4),
		think:  pick(random, 0, 0, 0, time.Minute),
		end:    pick(random, "never", "never", "never", "cancel", "deadline", "in a loop", "in an exchange"),
		after:  time.Duration(math.Pow(10, 5+7*random.Float64())), // 0.1 ms to 1000 s
		during: upTo(8),
	}
	length := pick(random, 1, 1, 2, 6)
	for p := range phases {
		for range upTo(length) {
			w.scripts[p].faults = append(w.scripts[p].faults, w.drawFault(random, p))
		}
		if len(w.scripts[p].faults) > 0 && chance(0.07) {
			w.scripts[p].lasts = true
			w.polling.Timeout = time.Duration(1+upTo(20)) * cmp.Or(w.polling.Max, 10*time.Second)
		}
	}
	return w
}

func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

var errCaller = errors.New("the caller's reason")

// ---- The caller ----

// methods are those of a client for either API.
type methods[Query, Result, Row any] struct {
	query   func(context.Context, Query) ([]Row, error)
	rows    func(context.Context, Query) iter.Seq2[Row, error]
	submit  func(context.Context, Query) (*wrapper.Operation[Result, Row], error)
	operate func(id string) *wrapper.Operation[Result, Row]
}

// run plays with one of the two APIs.
func (w *world) run() {
	const interval = "2026-10-01/2026-10-31"
	if w.jobs {
		type jobs = methods[gen.UsageJobQuery, gen.UsageJobResult, gen.UsageJobRow]
		play(w, gen.UsageJobQuery{Interval: interval}, func(c *client) jobs {
			return jobs{c.QueryJob, c.QueryJobRows, c.SubmitJob, c.Job}
		})
	} else {
		type queries = methods[gen.APIUsageQuery, gen.APIUsageQueryResult, gen.APIUsageRow]
		play(w, gen.APIUsageQuery{Interval: interval}, func(c *client) queries {
			return queries{c.Query, c.QueryRows, c.Submit, c.Execution}
		})
	}
}

// play does what is planned. Then it heals the world, and resumes what was interrupted.
func play[Query, Result, Row any](w *world, query Query, methodsOf func(*client) methods[Query, Result, Row]) {
	ctx, cancel := context.WithCancelCause(w.life)
	defer cancel(nil)
	w.caller, w.interrupt = ctx, func() { cancel(errCaller) }
	switch w.plan.end {
	case "cancel":
		time.AfterFunc(w.plan.after, w.interrupt)
	case "deadline":
		timeout, cancel := context.WithTimeout(ctx, w.plan.after)
		defer cancel()
		w.caller = timeout
	}
	defer context.AfterFunc(w.caller, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.healed {
			w.over = time.Now()
		}
	})()
	methods := methodsOf(w.newClient())
	queryAll := collected(func(ctx context.Context) ([]Row, error) { return methods.query(ctx, query) })
	allWell, patient := w.allWell(), w.polling.Timeout == 0
	switch w.plan.do {
	case "Query":
		w.call("Query", queryAll)
	case "QueryRows":
		w.call("QueryRows", streamed(func(ctx context.Context) iter.Seq2[Row, error] { return methods.rows(ctx, query) }))
	default:
		var operation *wrapper.Operation[Result, Row]
		w.call("Submit", func(ctx context.Context, c *call) (err error) {
			c.partial = true
			operation, err = methods.submit(ctx, query)
			return err
		})
		if operation != nil {
			operate(w, operation, func() *wrapper.Operation[Result, Row] {
				return methodsOf(w.newClient()).operate(operation.ID())
			})
		}
	}
	w.check(allWell)

	resumable := slices.ContainsFunc(w.calls, func(c *call) bool {
		operation, ok := errors.AsType[*wrapper.OperationError](c.err)
		return ok && operation.Resumable()
	})
	w.heal()
	if resumable {
		w.call("resumed", collected(methodsOf(w.newClient()).operate(operationID).Wait))
	}
	if patient {
		w.call("again", queryAll)
	}
	w.check(true)
}

// operate does what is planned with an operation, or with the same one of another client.
func operate[Result, Row any](
	w *world, o *wrapper.Operation[Result, Row], another func() *wrapper.Operation[Result, Row],
) {
	switch w.plan.do {
	case "Wait":
		w.call("Wait", collected(o.Wait))
	case "Rows":
		w.call("Rows", streamed(o.Rows))
	case "leave Rows":
		w.call("Rows", func(ctx context.Context, c *call) error {
			c.leaves = true
			return streamed(o.Rows)(ctx, c)
		})
		w.call("Rows once more", streamed(o.Rows))
	case "Poll":
		w.call("Poll", func(ctx context.Context, c *call) error {
			c.partial = true
			_, err := o.Poll(ctx)
			return err
		})
		w.call("Wait", collected(o.Wait))
	case "resume":
		w.call("resume", collected(another().Wait))
	case "several":
		var all sync.WaitGroup
		for _, act := range []action{collected(o.Wait), streamed(o.Rows), collected(o.Wait)} {
			all.Go(func() { w.call("several", act) })
		}
		all.Wait()
	}
}

// A call is one call of a method that sends requests.
type call struct {
	world *world
	name  string
	ctx   context.Context

	began, ended time.Time
	looped       time.Time // when the loop was last done with a row
	overInLoop   bool      // the context had ended then

	rows     []int64
	err      error
	collects bool // all rows before it returns them
	leaves   bool // the loop
	partial  bool // it does not want all rows

	last   *exchange
	polled bool // the operation
	budget budget
	lost   time.Duration // of the first of the last 404s, since the world began
}

// callKey is the key of a call in the context of its requests.
type callKey struct{}

// An action calls a method.
type action func(context.Context, *call) error

func (w *world) call(name string, act action) {
	c := &call{world: w, name: name, began: time.Now()}
	c.ctx = context.WithValue(w.caller, callKey{}, c)
	w.mu.Lock()
	w.calls = append(w.calls, c)
	w.mu.Unlock()
	c.err = act(c.ctx, c)
	w.mu.Lock()
	c.ended = time.Now()
	w.mu.Unlock()
}

// yield is the body of a loop over rows. It reports whether to go on.
func (c *call) yield(number int64, err, before error) bool {
	w := c.world
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case before != nil:
		c.breaks("the loop went on after its error")
	case err != nil && number != 0:
		c.breaks("a row came with the error %v", err)
	case err != nil:
		return true
	case c.overInLoop:
		c.breaks("a row came after the end of the context")
	}
	c.rows = append(c.rows, number)
	w.mu.Unlock()
	time.Sleep(w.plan.think)
	if w.plan.end == "in a loop" && len(c.rows) == w.plan.leave {
		w.interrupt()
	}
	w.mu.Lock()
	c.looped, c.overInLoop = time.Now(), c.ctx.Err() != nil
	c.partial = c.leaves && len(c.rows) == w.plan.leave
	return !c.partial
}

// collected is the action of a method that returns all rows.
func collected[Row any](method func(context.Context) ([]Row, error)) action {
	return func(ctx context.Context, c *call) error {
		c.collects = true
		rows, err := method(ctx)
		c.world.mu.Lock()
		defer c.world.mu.Unlock()
		for _, row := range rows {
			c.rows = append(c.rows, numberOf(row))
		}
		return err
	}
}

// streamed is the action of a method that yields rows.
func streamed[Row any](method func(context.Context) iter.Seq2[Row, error]) action {
	return func(ctx context.Context, c *call) (last error) {
		for row, err := range method(ctx) {
			if !c.yield(numberOf(row), err, last) {
				break
			}
			last = err
		}
		return last
	}
}

// numberOf returns the number of a row, by which the server counts them.
func numberOf(row any) int64 {
	if job, ok := row.(gen.UsageJobRow); ok {
		return job.RequestCount
	}
	return row.(gen.APIUsageRow).Requests
}

// ---- The promises ----

// allWell reports whether every call has to succeed: nothing lasts and nothing is final, the
// attempts suffice for each phase or its faults are waited out, and the caller has patience.
func (w *world) allWell() bool {
	patient := w.plan.do != "resume" && w.plan.do != "Poll" // which wait for nothing, at first
	met, unauthorized := [kinds]int{}, 0
	for p, script := range w.scripts {
		here := [kinds]int{}
		for _, f := range script.faults {
			here[f.kind]++
			met[f.kind]++
			if f.status == http.StatusUnauthorized {
				unauthorized++
			}
			if f.after > maxRetryAfter {
				return false
			}
		}
		attempts := here[outage] + here[stalled] + here[garbled] + here[changed]
		waitedOut := patient && phase(p) >= poll && here[garbled]+here[changed] == 0
		if script.lasts || attempts >= w.attempts() && !waitedOut {
			return false
		}
	}
	switch {
	case w.plan.end != "never", w.polling.Timeout != 0, met[final]+met[failed] > 0,
		met[missing] > 1, met[missing] > 0 && !patient:
		return false
	case met[early]+met[changed] > 0, met[pending] > 0 && met[stalled]+met[garbled] > 0:
		return false // what was yielded cannot be taken back
	case unauthorized > 1, unauthorized > 0 && w.token.static, w.token.early,
		w.plan.do == "several" && (unauthorized > 0 || w.token.life < time.Hour):
		return false // a new token may be rejected
	}
	return true
}

// check checks the promises once all calls have returned.
func (w *world) check(allWell bool) {
	w.checkLeftovers()
	for _, c := range w.calls {
		c.check()
		if allWell && c.err != nil {
			c.breaks("error %v, although all was well in the end", c.err)
		}
	}
	for _, secret := range w.secrets {
		if before, after, found := strings.Cut(w.texts.String(), secret); found {
			w.breaks("a secret is in ...%s[here]%s...", before[max(len(before)-200, 0):], after[:min(len(after), 50)])
		}
	}
}

// checkLeftovers wants no goroutine to be left over. An open connection, or a body that was
// not closed, has one.
func (w *world) checkLeftovers() {
	for _, c := range w.clients {
		c.transport.CloseIdleConnections()
	}
	synctest.Wait()
	for range 1000 {
		if runtime.NumGoroutine() <= w.goroutines {
			return
		}
		runtime.Gosched() // the number has those that are about to end
	}
	stacks := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "synctest bubble") && !worldGoroutine.MatchString(stack) {
			w.breaks("left over: %s", stack)
		}
	}
}

var worldGoroutine = regexp.MustCompile(`TestSimulation|testingSynctestTest|http\.\(\*Server\)\.Serve\(`)

// check checks the promises of a call.
func (c *call) check() {
	w := c.world
	page := 0
	for i, row := range c.rows { // of one version, page by page
		for page < len(w.pages)-1 && i >= w.firstRow(page+1) {
			page++
		}
		if int(row)%1000 != i+1 || int(row)/1000 > w.version || row/1000 != c.rows[w.firstRow(page)]/1000 {
			c.breaks("rows %v are not the first of a report", c.rows)
			break
		}
	}
	ended := !w.over.IsZero() && !w.over.After(c.ended)
	late := min(c.ended.Sub(w.over), c.ended.Sub(c.looped), c.ended.Sub(c.began))
	if ended && late > 100*time.Millisecond {
		c.breaks("returned %v after the end of its context", late)
	}
	if all := w.firstRow(len(w.pages)); c.err == nil && !c.partial && len(c.rows) != all {
		c.breaks("%d of %d rows, and no error", len(c.rows), all)
	}
	if c.err != nil {
		c.checkError(ended)
	}
}

// checkError wants the error to say what happened, and what helps.
func (c *call) checkError(ended bool) {
	w, err := c.world, c.err
	for err := err; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(w, "%v %+v %#v\n", err, err, err)
	}
	operation, submitted := errors.AsType[*wrapper.OperationError](err)
	resumable, retryable := submitted && operation.Resumable(), wrapper.Retryable(err)
	want := func(wantResumable, wantRetryable bool) {
		if resumable != (wantResumable && submitted) || retryable != wantRetryable {
			c.breaks("resumable %v, retryable %v, want %v, %v: %v", resumable, retryable, wantResumable, wantRetryable, err)
		}
	}
	if c.polled && !submitted || submitted && operation.ID != operationID {
		c.breaks("is not the error of the operation: %v", err)
	}
	// A response that had arrived when the context ended, in a loop, may be read to its end.
	arrived := c.last != nil && (c.last.fault.kind >= final || c.last.fault.kind == early ||
		c.last.fault.status == http.StatusUnauthorized)
	switch {
	case ended && errors.Is(err, context.Cause(c.ctx)):
		want(true, false)
	case ended && w.over.Before(c.ended) && !arrived:
		c.breaks("is not the error of the context: %v", err)
	case errors.Is(err, context.DeadlineExceeded): // of Polling.Timeout
		want(true, true)
		if w.polling.Timeout == 0 {
			c.breaks("timed out: %v", err)
		}
	case errors.Is(err, rows.ErrChanged):
		want(true, true)
		if len(c.rows) == 0 && !c.collects {
			c.breaks("had no row to take back: %v", err)
		}
	case w.plan.do != "several": // where faults are shared
		c.checkCause(ended, want)
	}
}

// checkCause wants the error to be that of the last exchange, and to come neither too early
// nor too late.
func (c *call) checkCause(ended bool, want func(resumable, retryable bool)) {
	w, f, status := c.world, c.last.fault, 0
	if api, ok := errors.AsType[*wrapper.APIError](c.err); ok {
		status = api.StatusCode
	} else if refused, ok := errors.AsType[*oauth2.RetrieveError](c.err); ok && c.last.phase == login {
		status = refused.Response.StatusCode
	}
	hasFailed := errors.Is(c.err, wrapper.ErrQueryFailed)
	if f.kind == none || f.kind == pending || status != f.status || hasFailed != (f.kind == failed) {
		c.breaks("status %d, want the error of the last exchange: %v", status, c.err)
		return
	}
	transient := f.kind != final && f.kind != failed && f.kind != missing
	unauthorized := status == http.StatusUnauthorized
	if unauthorized && !w.token.static { // package transport tests whether it is final
		transient = wrapper.Retryable(c.err)
	}
	want(transient || unauthorized || c.last.phase == login || status == http.StatusForbidden, transient)
	waits := c.polled && c.name != "Poll" && c.name != "resume"
	switch {
	case f.kind == missing && waits && c.ended.Sub(w.began)-c.lost < 30*time.Second:
		c.breaks("did not wait for what is not found yet: %v", c.err)
	case !transient, f.kind == early, f.after > maxRetryAfter, w.plan.end == "deadline", ended:
	case !f.throttles() && !c.budget.renewed && *c.budget.of(c.last.phase) < w.attempts():
		c.breaks("gave up after %d of %d attempts: %v", *c.budget.of(c.last.phase), w.attempts(), c.err)
	case waits && (f.kind == outage || f.kind == stalled):
		c.breaks("did not wait for the end of an outage: %v", c.err)
	}
}

func (c *call) breaks(format string, values ...any) {
	c.world.breaks("%s: %s", c.name, fmt.Sprintf(format, values...))
}

// breaks notes that a promise is broken. The caller holds mu, or is alone.
func (w *world) breaks(format string, values ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, values...))
}

// story returns what was drawn, and all exchanges.
func (w *world) story() string {
	text := fmt.Sprintf("%+v\n%+v\n%+v\njobs: %v, pages: %v, %+v\n", w.plan, w.retry, w.polling, w.jobs, w.pages, w.token)
	for _, x := range w.exchanges {
		at := x.at.Round(time.Millisecond)
		text += fmt.Sprintf("%3d %12v %s: %s: %s", x.number, at, x.call.name, x.request, x.fault.name)
		if x.fault.status+int(x.fault.after) > 0 {
			text += fmt.Sprintf(" (status %d, Retry-After %v)", x.fault.status, x.fault.after)
		}
		text += "\n"
	}
	return text
}
