package poll

import (
	"context"
	"errors"
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
			if low := 0.9 * want; got.Seconds() < low-1e-6 {
				t.Fatalf("wait %d: got %v, want %vs at least", i+1, got, low)
			}
			if high := min(1.1*want, 10); got.Seconds() > high {
				t.Fatalf("wait %d: got %v, want %vs at most", i+1, got, high)
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
		polls   int
		err     error
		waits   time.Duration // that polls asked for
		updates string
	}{
		{name: "done at once", steps: []step{done}, polls: 1, updates: "Complete"},
		{name: "running first", steps: []step{running, running, done}, polls: 3, updates: "Running Running Complete"},
		{name: "asked to wait", steps: []step{asked(time.Minute), done}, polls: 2, waits: time.Minute,
			updates: "Running Complete"},
		{name: "asked to wait less than the schedule does", steps: []step{asked(1), done}, polls: 2,
			updates: "Running Complete"},
		{name: "down first", steps: []step{down, down, done}, polls: 3, waits: 40 * time.Second,
			updates: "503 503 Complete"},
		{name: "down in between", steps: []step{running, down, running, down, done}, polls: 5, waits: 40 * time.Second,
			updates: "Running 503 Running 503 Complete"},
		{name: "error", steps: []step{running, {err: io.EOF}, done}, polls: 2, err: io.EOF, updates: "Running"},
	} {
		bubble(t, test.name, func(t *testing.T) {
			got := run(t.Context(), schedule, test.steps...)
			checkError(t, "run", got.err, test.err)
			check(t, "polls", len(got.polled), test.polls)
			checkBetween(t, "duration", got.took, test.waits, test.waits+10*time.Second)
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

func TestTimeout(t *testing.T) {
	late := Schedule{Initial: 2 * time.Hour, Max: 2 * time.Hour, Multiplier: 1, Timeout: time.Hour}
	for _, test := range []struct {
		name     string
		schedule Schedule
		steps    []step
		want     string // what the error says of the last poll
		polled   bool
	}{
		{"running", schedule, []step{running}, `last status "Running"`, true},
		{"down", schedule, []step{running, down}, "last poll failed: 503", true},
		{"up again", schedule, []step{down, running}, `last status "Running"`, true},
		{"not polled", late, []step{done}, "not polled yet", false},
	} {
		bubble(t, test.name, func(t *testing.T) {
			got := run(t.Context(), test.schedule, test.steps...)
			checkError(t, "run", got.err, context.DeadlineExceeded)
			check(t, "permanent", failure.IsPermanent(got.err), false)
			checkContains(t, "error", got.err.Error(), "1h0m0s", "Polling.Timeout", test.want)
			check(t, "duration", got.took, time.Hour)
			check(t, "updates", len(got.updates), len(got.polled))
			check(t, "polled", len(got.polled) > 0, test.polled)
			check(t, "is the error of the last poll", errors.Is(got.err, errDown), false)
		})
	}
}

// A poll may begin at the very end of the Timeout.
func TestTimeoutIsInclusive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		atOnce := Schedule{Multiplier: 1, Timeout: time.Minute}
		got := run(t.Context(), atOnce, step{update: Update{Status: "Running", Wait: time.Minute}}, done)
		checkError(t, "run", got.err, nil)
		check(t, "duration", got.took, time.Minute)
	})
}

// The Timeout counts from the last progress.
func TestTimeoutAfterProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		progress := step{update: Update{Status: "Complete", Progress: true}, takes: 50 * time.Minute}
		got := run(t.Context(), schedule, progress, progress, progress, running)
		checkError(t, "run", got.err, context.DeadlineExceeded)
		check(t, "duration", got.took, got.polled[2]+progress.takes+time.Hour)
		last := len(got.updates) - 1
		check(t, "time of the last update", got.updates[last].Elapsed, got.polled[last])
	})
}

// A poll that began before the Timeout is not cut short, and its result counts.
func TestTimeoutDoesNotEndAPoll(t *testing.T) {
	const takes = 5 * time.Hour
	for _, test := range []struct {
		name  string
		steps []step
		err   error
		polls int
	}{
		{"done", []step{running, {update: done.update, takes: takes}}, nil, 2},
		{"running", []step{{update: running.update, takes: takes}, done}, context.DeadlineExceeded, 1},
	} {
		bubble(t, test.name, func(t *testing.T) {
			got := run(t.Context(), schedule, test.steps...)
			checkError(t, "run", got.err, test.err)
			check(t, "polls", len(got.polled), test.polls)
			check(t, "duration", got.took, got.polled[len(got.polled)-1]+takes)
		})
	}
}

func TestNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		patient := schedule
		patient.Timeout = -1
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		got := run(ctx, patient, running)
		checkError(t, "run", got.err, context.DeadlineExceeded)
		check(t, "duration", got.took, 24*time.Hour)
	})
}

func TestContextEndsBetweenPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(cause) })
		got := run(ctx, schedule, running)
		checkError(t, "run", got.err, cause)
		check(t, "permanent", failure.IsPermanent(got.err), true)
		check(t, "text", got.err.Error(), `the cause; last status "Running"`)
		check(t, "duration", got.took, time.Minute)
	})
}

// A poll has the context of the run, and its error is the run's.
func TestContextEndsInAPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		updates := 0
		err := schedule.Run(ctx, func(ctx context.Context) (Update, error) {
			<-ctx.Done()
			return Update{}, errDown
		}, func(Update) { updates++ })
		checkError(t, "run", err, errDown)
		check(t, "updates", updates, 0)
	})
}

// An error that a deadline leaves no time to wait out ends the run at once, and is its
// error.
func TestErrorBeforeADeadline(t *testing.T) {
	for _, test := range []struct {
		name     string
		deadline time.Duration
		polls    int
		err      error
		took     time.Duration
	}{
		{"too early", 20*time.Second - 1, 1, errDown, 0},
		{"late enough", 20*time.Second + 1, 2, nil, 20 * time.Second},
	} {
		bubble(t, test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
			defer cancel()
			atOnce := Schedule{Multiplier: 1, Timeout: -1}
			got := run(ctx, atOnce, down, done)
			checkError(t, "run", got.err, test.err)
			check(t, "polls", len(got.polled), test.polls)
			check(t, "duration", got.took, test.took)
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

func checkBetween(t *testing.T, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s: got %v, want %v to %v", what, got, low, high)
	}
}

func checkError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func checkContains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: got %q, want it to contain %q", what, text, part)
		}
	}
}
