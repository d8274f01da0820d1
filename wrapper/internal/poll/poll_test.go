package poll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

var schedule = Schedule{Initial: 500 * time.Millisecond, Max: 10 * time.Second, Multiplier: 1.5, Timeout: time.Hour}

func TestDelays(t *testing.T) {
	firsts := map[time.Duration]bool{}
	for range 100 {
		next := schedule.delays()
		for i, want := range []float64{0.5, 0.75, 1.125, 1.6875, 2.53125, 3.796875, 5.6953125, 8.54296875, 10, 10} {
			got := next()
			if got.Seconds() < 0.9*want-1e-6 || got.Seconds() > min(1.1*want, 10) {
				t.Fatalf("wait %d: got %v, want %vs and jitter of a tenth, and 10s at most", i+1, got, want)
			}
			if i == 0 {
				firsts[got] = true
			}
		}
	}
	if len(firsts) < 50 {
		t.Errorf("different first waits of 100: got %d, want 50 at least", len(firsts))
	}
}

// Waits too long for a time.Duration are the longest one.
func TestDelaysDoNotOverflow(t *testing.T) {
	next := Schedule{Initial: math.MaxInt64, Max: math.MaxInt64, Multiplier: 1e9}.delays()
	for i := range 10 {
		if got := next(); got < math.MaxInt64/10*9 {
			t.Errorf("wait %d: got %v, want %v less jitter", i+1, got, time.Duration(math.MaxInt64))
		}
	}
}

// step is what becomes of a poll.
type step struct {
	update Update
	err    error
	takes  time.Duration
}

var (
	errDown = errors.New("503")

	running = step{update: Update{Status: "Running"}}
	done    = step{update: Update{Status: "Complete", Done: true}}
	down    = step{update: Update{Err: errDown, Wait: 20 * time.Second}}
)

// trace is what a run did.
type trace struct {
	polled  []time.Duration // since its start
	updates []Update
	took    time.Duration
	err     error
}

// run runs a schedule over steps, and then over the last one of them.
func run(ctx context.Context, schedule Schedule, steps ...step) trace {
	var tr trace
	start := time.Now()
	tr.err = schedule.Run(ctx, func(context.Context) (Update, error) {
		tr.polled = append(tr.polled, time.Since(start))
		step := steps[min(len(tr.polled), len(steps))-1]
		time.Sleep(step.takes)
		return step.update, step.err
	}, func(u Update) { tr.updates = append(tr.updates, u) })
	tr.took = time.Since(start)
	return tr
}

func TestRun(t *testing.T) {
	asked := func(wait time.Duration) step { return step{update: Update{Status: "Running", Wait: wait}} }
	for _, test := range []struct {
		name    string
		steps   []step
		err     error
		waits   time.Duration // that polls asked for
		updates string
	}{
		{name: "done at once", steps: []step{done}, updates: "Complete"},
		{name: "running first", steps: []step{running, running, done}, updates: "Running Running Complete"},
		{name: "asked to wait", steps: []step{asked(time.Minute), done}, waits: time.Minute, updates: "Running Complete"},
		{name: "asked to wait less than the schedule does", steps: []step{asked(1), done}, updates: "Running Complete"},
		{name: "down in between", steps: []step{running, down, running, down, done}, waits: 40 * time.Second,
			updates: "Running 503 Running 503 Complete"},
		{name: "error", steps: []step{running, {err: io.EOF}, done}, err: io.EOF, updates: "Running"},
	} {
		bubble(t, test.name, func(t *testing.T) {
			got := run(t.Context(), schedule, test.steps...)
			check(t, "error", got.err, test.err)
			if got.took < test.waits || got.took > test.waits+10*time.Second {
				t.Errorf("duration: got %v, want %v and 10s more at most", got.took, test.waits)
			}
			var updates []string
			for i, update := range got.updates {
				if update.Err != nil {
					updates = append(updates, update.Err.Error())
				} else {
					updates = append(updates, update.Status)
				}
				next := time.Duration(0)
				if i+1 < len(got.polled) {
					next = got.polled[i+1] - got.polled[i]
				}
				check(t, "number of an update", update.Polls, i+1)
				check(t, "time of an update", update.Elapsed, got.polled[i])
				check(t, "time until the next poll", update.Next, next)
			}
			check(t, "updates", strings.Join(updates, " "), test.updates)
		})
	}
}

// No poll begins after the Timeout, which counts from the last progress: where the next one
// would, the run ends at once. A poll that began before is not cut short, and its result counts.
func TestTimeout(t *testing.T) {
	const late = "context deadline exceeded: not done within 1h0m0s (Polling.Timeout); "
	atOnce := Schedule{Multiplier: 1, Timeout: time.Hour}
	for _, test := range []struct {
		name     string
		schedule Schedule
		steps    []step
		want     string // the error
		polls    int    // 0: any number
		took     time.Duration
		early    time.Duration // by which that may be less
	}{
		{"running", schedule, []step{running}, late + `last status "Running"`, 0, time.Hour, 10 * time.Second},
		{"down", schedule, []step{running, down}, late + "last poll failed: 503", 0, time.Hour, 20 * time.Second},
		{"up again", schedule, []step{down, running}, late + `last status "Running"`, 0, time.Hour, 10 * time.Second},
		{"not polled", Schedule{Initial: 2 * time.Hour, Max: 2 * time.Hour, Multiplier: 1, Timeout: time.Hour},
			[]step{done}, late + "not polled yet", 0, 0, 0},
		{"at the very end", atOnce, []step{{update: Update{Wait: time.Hour}}, done}, "", 2, time.Hour, 0},
		{"after it", atOnce, []step{{update: Update{Wait: time.Hour + 1}}, done}, late + `last status ""`, 1, 0, 0},
		{"done late", atOnce, []step{{update: done.update, takes: 5 * time.Hour}}, "", 1, 5 * time.Hour, 0},
		{"running late", atOnce, []step{{update: Update{Wait: 1}, takes: 5 * time.Hour}}, late + `last status ""`, 1,
			5 * time.Hour, 0},
		{"progress", atOnce, []step{
			{update: Update{Progress: true, Wait: 1}, takes: 50 * time.Minute},
			{update: Update{Progress: true, Wait: 1}, takes: 50 * time.Minute},
			{update: Update{Wait: 50 * time.Minute}, takes: 20 * time.Minute},
		}, late + `last status ""`, 3, 120*time.Minute + 2, 0},
	} {
		bubble(t, test.name, func(t *testing.T) {
			got := run(t.Context(), test.schedule, test.steps...)
			check(t, "error", fmt.Sprint(got.err), map[bool]string{true: test.want, false: "<nil>"}[test.want != ""])
			check(t, "past a deadline", errors.Is(got.err, context.DeadlineExceeded), test.want != "")
			check(t, "permanent", failure.IsPermanent(got.err), false)
			check(t, "is the error of the last poll", errors.Is(got.err, errDown), false)
			if got.took > test.took || got.took < test.took-test.early {
				t.Errorf("duration: got %v, want %v and %v less at most", got.took, test.took, test.early)
			}
			if test.polls > 0 {
				check(t, "polls", len(got.polled), test.polls)
			}
		})
	}
}

// A context that ends ends a wait that has no Timeout, and a poll, whose error is the
// run's.
func TestContextEnds(t *testing.T) {
	cause := errors.New("the cause")
	patient := schedule
	patient.Timeout = -1
	for _, test := range []struct {
		name string
		poll func(context.Context) (Update, error)
		want string
	}{
		{"between polls", func(context.Context) (Update, error) { return running.update, nil },
			`the cause; last status "Running"`},
		{"in a poll", func(ctx context.Context) (Update, error) {
			<-ctx.Done()
			return Update{}, failure.Context(ctx)
		}, "the cause"},
	} {
		bubble(t, test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(24*time.Hour, func() { cancel(cause) })
			start := time.Now()
			err := patient.Run(ctx, test.poll, func(Update) {})
			check(t, "text", fmt.Sprint(err), test.want)
			check(t, "is the cause", errors.Is(err, cause), true)
			check(t, "blocked", errors.Is(err, failure.ErrBlocked), true)
			check(t, "duration", time.Since(start), 24*time.Hour)
		})
	}
}

func bubble(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
