package poll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var schedule = Schedule{Initial: 500 * time.Millisecond, Max: 10 * time.Second, Multiplier: 1.5, Timeout: time.Hour}

func TestSchedule(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		next := schedule.waits()
		for i, want := range []time.Duration{500, 750, 1125, 1687, 2531, 3796, 5695, 8542, 10_000, 10_000} {
			want *= time.Millisecond
			got := next()
			if low, high := want*9/10-time.Millisecond, min(want*11/10+time.Millisecond, 10*time.Second); got < low || got > high {
				t.Fatalf("wait %d is %v, want %v to %v", i+1, got, low, high)
			}
			if i == 0 {
				seen[got] = true
			}
		}
	}
	if len(seen) < 50 {
		t.Errorf("of 100 that start together, %d ask at different times", len(seen))
	}
}

// step is what asking tells, and when an asking that takes a while ends.
type step struct {
	answer Answer
	err    error
	takes  time.Duration
}

var errOutage = errors.New("outage")

// run runs a Loop over steps, the last of them again and again.
func run(ctx context.Context, schedule Schedule, steps ...step) (asked []time.Duration, reports []Report, took time.Duration, err error) {
	start := time.Now()
	err = Loop{
		Schedule: schedule,
		Ask: func(context.Context) (Answer, error) {
			asked = append(asked, time.Since(start))
			step := steps[min(len(asked), len(steps))-1]
			time.Sleep(step.takes)
			return step.answer, step.err
		},
		Outage: func(err error) (time.Duration, bool) { return 20 * time.Second, errors.Is(err, errOutage) },
		Report: func(r Report) { reports = append(reports, r) },
	}.Run(ctx)
	return asked, reports, time.Since(start), err
}

var (
	running = step{answer: Answer{Status: "Running"}}
	done    = step{answer: Answer{Status: "Complete", Done: true}}
	down    = step{err: fmt.Errorf("503: %w", errOutage)}
)

func TestRun(t *testing.T) {
	for _, test := range []struct {
		name    string
		steps   []step
		asked   int
		err     error
		least   time.Duration // that it takes
		reports string
	}{
		{name: "done at once", steps: []step{done}, asked: 1, reports: "Complete"},
		{name: "running first", steps: []step{running, running, done}, asked: 3, reports: "Running Running Complete"},
		{name: "told to wait", steps: []step{{answer: Answer{Status: "Running", Wait: time.Minute}}, done}, asked: 2, least: time.Minute, reports: "Running Complete"},
		{name: "told to wait less than the schedule does", steps: []step{{answer: Answer{Status: "Running", Wait: 1}}, done}, asked: 2, least: time.Second, reports: "Running Complete"},
		{name: "outage first", steps: []step{down, down, done}, asked: 3, least: 40 * time.Second, reports: "outage outage Complete"},
		{name: "outage after an answer", steps: []step{running, down, running, down, done}, asked: 5, least: 40 * time.Second, reports: "Running outage Running outage Complete"},
		{name: "an error that does not pass", steps: []step{running, {err: io.EOF}, done}, asked: 2, err: io.EOF, reports: "Running"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, reports, took, err := run(t.Context(), schedule, test.steps...)
				if len(asked) != test.asked || !errors.Is(err, test.err) || took < test.least || took > test.least+10*time.Second {
					t.Errorf("asked %d times in %v: %v", len(asked), took, err)
				}
				var told []string
				for i, r := range reports {
					switch {
					case r.Err != nil:
						told = append(told, "outage")
					default:
						told = append(told, r.Status)
					}
					next := time.Duration(0)
					if i+1 < len(asked) {
						next = asked[i+1] - asked[i]
					}
					if r.Polls != i+1 || r.Elapsed != asked[i] || r.Next != next {
						t.Errorf("report %d is %+v, asked at %v", i+1, r, asked)
					}
				}
				if got := strings.Join(told, " "); got != test.reports {
					t.Errorf("reported %q, want %q", got, test.reports)
				}
			})
		})
	}
}

func TestTimeout(t *testing.T) {
	for _, test := range []struct {
		name     string
		schedule Schedule
		steps    []step
		want     string // what the error says was last
		is       error
	}{
		{"running", schedule, []step{running}, `"Running"`, nil},
		{"outage", schedule, []step{running, down}, "503", errOutage},
		{"never asked", Schedule{Initial: 2 * time.Hour, Max: 2 * time.Hour, Multiplier: 1, Timeout: time.Hour}, []step{done}, "never asked", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, reports, took, err := run(t.Context(), test.schedule, test.steps...)
				var timeout *TimeoutError
				if !errors.As(err, &timeout) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("error %v", err)
				}
				if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "1h") || took != time.Hour {
					t.Errorf("%v after %v", err, took)
				}
				if len(asked) > 0 && asked[len(asked)-1] > time.Hour || len(reports) != len(asked) {
					t.Errorf("asked at %v, %d reports", asked, len(reports))
				}
			})
		})
	}
}

// An asking that began before the Timeout is not cut short, and if it is the last
// one, its answer counts.
func TestTimeoutIsNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := done
		slow.takes = 5 * time.Hour
		if asked, _, took, err := run(t.Context(), schedule, running, slow); err != nil || len(asked) != 2 || took < 5*time.Hour {
			t.Errorf("%v after %v", err, took)
		}
		slow = running
		slow.takes = 5 * time.Hour
		if asked, _, took, err := run(t.Context(), schedule, slow, done); !errors.Is(err, context.DeadlineExceeded) || len(asked) != 1 || took > 5*time.Hour+time.Second {
			t.Errorf("%v after %v, asked %d times", err, took, len(asked))
		}
	})
}

func TestNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		patient := schedule
		patient.Timeout = -1
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		if _, _, took, err := run(ctx, patient, running); !errors.Is(err, context.DeadlineExceeded) || took != 24*time.Hour {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(cause) })
		_, _, took, err := run(ctx, schedule, running)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || !strings.Contains(err.Error(), `"Running"`) || took != time.Minute {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// An outage that a deadline leaves no time for ends the wait at once, and the
// error is the outage's.
func TestOutageBeforeADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		asked, _, took, err := run(ctx, schedule, down)
		if !errors.Is(err, errOutage) || errors.Is(err, context.DeadlineExceeded) || len(asked) != 1 || took > time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// An error of an asking whose context ended is no outage, and is told as it is.
func TestContextEndsWhileAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		asked, reports, _, err := run(ctx, schedule, step{err: errOutage, takes: time.Hour})
		if !errors.Is(err, errOutage) || len(asked) != 1 || len(reports) > 0 {
			t.Errorf("asked %d times, %d reports: %v", len(asked), len(reports), err)
		}
	})
}
