package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// years are kinds of years, by the requests of a day; noise is 1 on average. Explained says
// why a sure verdict may be wrong by more than 15 % on day 7 or later.
var years = []struct {
	name      string
	requests  func(day time.Time, noise float64) float64
	most      float64 // the mean error from day 7 on, in %, at most
	explained string
}{
	{"flat", func(_ time.Time, noise float64) float64 { return 1000 * noise }, 2, ""},
	{"ten times more on weekdays", func(day time.Time, noise float64) float64 {
		return 1000 * noise * weekday(day, 0.1)
	}, 2, ""},
	{"nothing at weekends", func(day time.Time, noise float64) float64 { return 1000 * noise * weekday(day, 0) }, 2, ""},
	{"a batch on the last day of each month", func(day time.Time, noise float64) float64 {
		if day.AddDate(0, 0, 1).Day() == 1 {
			return 15_000 * noise
		}
		return 1000 * noise
	}, 14, "the batch is taken for that of its weekday: a quarter of it on four days to come"},
	{"growth of 5 % a month", func(day time.Time, noise float64) float64 {
		return 1000 * noise * math.Pow(1.05, day.Sub(date2026(1, 1)).Hours()/24/30)
	}, 3, ""},
	{"a holiday week", func(day time.Time, noise float64) float64 {
		if !day.Before(date2026(8, 10)) && day.Before(date2026(8, 17)) {
			return 100 * noise
		}
		return 1000 * noise * weekday(day, 0.1)
	}, 5, "in the week and after it, a quarter of the means is of the holidays"},
	{"a client that starts mid-period", func(day time.Time, noise float64) float64 {
		if !day.Before(date2026(8, 4)) {
			return 2000 * noise
		}
		return 1000 * noise
	}, 5, "the means are of days before it too, for four weeks; the report says how far the last 7 days are from them"},
	{"a client that stops mid-period", func(day time.Time, noise float64) float64 {
		if !day.Before(date2026(8, 4)) {
			return 500 * noise
		}
		return 1000 * noise
	}, 5, "the same"},
}

func date2026(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

// weekday is 1 from Monday to Friday.
func weekday(day time.Time, weekend float64) float64 {
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		return weekend
	}
	return 1
}

// errors of forecasts in %, and verdicts.
type forecasts struct {
	errors, plain            [3]float64 // sums, from day 1, 7 and 21 on
	n                        [3]int
	worst                    float64 // from day 7 on
	verdicts, unsure         int
	wrong, plainWrong, large int      // verdicts; large: sure ones, wrong by more than 15 % on day 7 or later
	drift                    int      // large ones whose report says that the last 7 days are different
	lines                    []string // of large ones
}

// A forecast is replayed from each day of each billing period of a year, with the counts of
// the last days missing, and for several allowances. go test -v prints the table.
func TestForecastErrors(t *testing.T) {
	var table, lines strings.Builder
	table.WriteString("| year | mean error from day 1, 7, 21 on: plain mean | this forecast | worst from day 7 on | " +
		"verdicts not sure | wrong: plain mean | wrong and sure | by over 15 % | of these, said to have drifted |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, year := range years {
		f := replay(year.requests)
		mean := func(errors [3]float64) string {
			var words []string
			for i, sum := range errors {
				words = append(words, fmt.Sprintf("%.1f", sum/float64(f.n[i])))
			}
			return strings.Join(words, ", ") + " %"
		}
		percent := func(n int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(f.verdicts)) }
		fmt.Fprintf(&table, "| %s | %s | %s | %.0f %% | %s | %s | %s | %d of %d | %d |\n", year.name, mean(f.plain), mean(f.errors),
			f.worst, percent(f.unsure), percent(f.plainWrong), percent(f.wrong), f.large, f.verdicts, f.drift)
		for _, line := range slices.Compact(f.lines) {
			fmt.Fprintf(&lines, "- %s: %s\n", year.name, line)
		}
		if got := f.errors[1] / float64(f.n[1]); got > year.most {
			t.Errorf("%s: a mean error of %.1f %% from day 7 on, want %.0f %% at most", year.name, got, year.most)
		}
		if f.large > 0 && year.explained == "" {
			t.Errorf("%s: %d sure verdicts are wrong by more than 15 %%", year.name, f.large)
		}
	}
	t.Logf("\n%s\nThe verdicts that were wrong by over 15 %%:\n%s", &table, &lines)
}

func replay(requests func(time.Time, float64) float64) (f forecasts) {
	random := rand.New(rand.NewPCG(1, 2))
	year := map[time.Time]int64{}
	for day := date2026(1, 1); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		year[day] = int64(requests(day, 0.9+0.2*random.Float64()))
	}
	for first := date2026(3, 21); first.Before(date2026(11, 21)); first = first.AddDate(0, 1, 0) {
		end := first.AddDate(0, 1, -1)
		var actual float64
		for day := first; !day.After(end); day = day.AddDate(0, 0, 1) {
			actual += float64(year[day])
		}
		for today := first.AddDate(0, 0, 1); !today.After(end); today = today.AddDate(0, 0, 1) {
			for missing := range 4 {
				f.add(year, first, end, today, missing, actual)
			}
		}
	}
	return f
}

// add adds the forecasts of a day, for allowances that are more or less than what is used.
func (f *forecasts) add(year map[time.Time]int64, first, end, today time.Time, missing int, actual float64) {
	spec := Spec{Period: Period{First: first, Last: today.AddDate(0, 0, -1), DataLast: today.AddDate(0, 0, -1), End: end}}
	days := map[time.Time]int64{}
	var used float64
	for day := first.AddDate(0, 0, -ForecastDays); day.Before(today.AddDate(0, 0, -missing)); day = day.AddDate(0, 0, 1) {
		if year[day] > 0 {
			days[day] = year[day]
		}
		if !day.Before(first) {
			used += float64(year[day])
		}
	}
	plain := used * float64(daysBetween(first, end)) / float64(daysBetween(first, spec.Period.DataLast))
	day := daysBetween(first, today)
	for _, part := range []float64{0.7, 0.8, 0.9, 0.97, 1.03, 1.1, 1.2, 1.4} {
		spec.Limit = int64(part * actual)
		a := newAllowance(&spec, days)
		off := 100 * math.Abs(float64(a.Forecast)-actual) / actual
		wrong := a.Over() != (part < 1)
		f.verdicts++
		if plain > float64(spec.Limit) != (part < 1) {
			f.plainWrong++
		}
		switch {
		case a.Doubt != "":
			f.unsure++
			wrong = false
		case wrong:
			f.wrong++
		}
		if wrong && off > 15 && day >= 7 {
			f.large++
			if math.Abs(a.Drift) > drift {
				f.drift++
			}
			f.lines = append(f.lines, fmt.Sprintf("period from %s, day %d, %d missing, %.0f%% of what is used allowed: "+
				"forecast %+.0f%%, drift %+.0f%%", first.Format("2 Jan"), day, missing, 100*part,
				100*(float64(a.Forecast)-actual)/actual, 100*a.Drift))
		}
		for i, from := range []int{1, 7, 21} {
			if day >= from {
				f.n[i]++
				f.errors[i] += off
				f.plain[i] += 100 * math.Abs(plain-actual) / actual
			}
		}
		if day >= 7 {
			f.worst = max(f.worst, off)
		}
	}
}
