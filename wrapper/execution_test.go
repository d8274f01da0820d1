package wrapper

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// page is an answer that may have another one behind it.
type page struct {
	Status string    `json:"status"`
	Rows   []pageRow `json:"rows"`
	Next   string    `json:"next"`
}

type pageRow struct {
	N int `json:"n"`
}

// numbered are rows of a page, as they are in JSON.
func numbered(first, last int) string {
	var all []string
	for n := first; n <= last; n++ {
		all = append(all, fmt.Sprintf(`{"n":%d}`, n))
	}
	return strings.Join(all, ",")
}

// newPages makes an execution whose pages are those of a function, by their
// cursors.
func newPages(t *testing.T, answer func(cursor string) string) *execution[page, pageRow] {
	client := newTimelessClient(t, func(request *http.Request) (*http.Response, error) {
		body := answer(request.URL.Query().Get("after"))
		if body == "" {
			return respond(request, 503, ""), nil
		}
		response := respond(request, 200, body)
		if cut, ok := strings.CutSuffix(body, "CUT"); ok {
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader(cut), iotest.ErrReader(io.ErrUnexpectedEOF)))
		}
		return response, nil
	}, WithRetry(Retry{MaxAttempts: 3}))
	return &execution[page, pageRow]{
		client: client, id: "id", again: "Client.Pages", member: "rows", waiting: []string{"Running"}, complete: "Complete",
		get: func(ctx context.Context, cursor string) (*http.Response, error) {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, USEast1.APIURL()+"/pages?after="+cursor, nil)
			if err != nil {
				return nil, err
			}
			return client.stack.Do(request)
		},
		status: func(p *page) string { return p.Status },
		failed: func(*page) error { return nil },
		next:   func(p *page) (string, error) { return p.Next, nil },
	}
}

// One page comes after the other, and what goes wrong with one leaves those before
// it as they are.
func TestPages(t *testing.T) {
	const n = 60
	first := `{"rows":[` + numbered(1, 20) + `],"status":"Complete","next":"a"}`
	second := `{"rows":[` + numbered(21, n) + `],"status":"Complete"}`
	for _, test := range []struct {
		name    string
		answers map[string][]string // by cursor: one after the other, and then the last again; empty: 503
		asked   string              // cursors
		wantErr string
		rowsErr string // of rows, where wait has none
		final   bool
	}{
		{name: "two", answers: map[string][]string{"": {first}, "a": {second}}, asked: "/ /a"},
		{name: "one without rows between", answers: map[string][]string{"": {first}, "a": {`{"rows":[],"status":"Complete","next":"b"}`}, "b": {second}}, asked: "/ /a /b"},
		{name: "cut before a row", answers: map[string][]string{"": {first}, "a": {`{"rows":[CUT`, second}}, asked: "/ /a /a"},
		{name: "cut before a row, and then another answer", answers: map[string][]string{"": {first}, "a": {`{"status":"Complete","rows":[CUT`, second}}, asked: "/ /a /a"},
		{name: "cut behind rows", answers: map[string][]string{"": {first}, "a": {`{"rows":[` + numbered(21, 55) + ",CUT", second}}, asked: "/ /a /a"},
		{name: "cut twice", answers: map[string][]string{"": {first}, "a": {`{"rows":[` + numbered(21, 30) + ",CUT", `{"rows":[` + numbered(21, 55) + ",CUT", second}}, asked: "/ /a /a /a"},
		{name: "cut behind rows, and then another answer", answers: map[string][]string{"": {first}, "a": {`{"rows":[` + numbered(31, 35) + ",CUT", second}}, asked: "/ /a /a", rowsErr: "is another one now"},
		{name: "an outage between", answers: map[string][]string{"": {first}, "a": {"", "", "", "", second}}, asked: "/ /a /a /a /a /a"},
		{name: "running between", answers: map[string][]string{"": {first}, "a": {`{"status":"Running"}`, second}}, asked: "/ /a /a"},
		{name: "round", answers: map[string][]string{"": {first}, "a": {`{"rows":[{"n":21}],"status":"Complete","next":"b"}`}, "b": {first}}, asked: "/ /a /b", wantErr: `the cursor "a" comes again`, final: true},
		{name: "round at once", answers: map[string][]string{"": {first}, "a": {first}}, asked: "/ /a", wantErr: `the cursor "a" comes again`, final: true},
	} {
		for i, way := range []string{"wait", "rows", "wait", "rows"} {
			known := i >= 2 // the API has answered
			t.Run(fmt.Sprintf("%s/%s, known %v", test.name, way, known), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					times := map[string]int{}
					var asked []string
					execution := newPages(t, func(cursor string) string {
						if asked = append(asked, "/"+cursor); len(asked) > 20 {
							return "null" // which ends it
						}
						times[cursor]++
						answers := test.answers[cursor]
						return answers[min(times[cursor], len(answers))-1]
					})
					execution.answered = known
					var rows []pageRow
					var err error
					wantErr := test.wantErr
					if way == "wait" {
						rows, err = execution.wait(t.Context())
					} else {
						wantErr += test.rowsErr
						for row, rowErr := range execution.rows(t.Context()) {
							rows, err = append(rows, row), rowErr
						}
					}
					checkError(t, err, wantErr)
					checkGoesOn(t, err, !test.final)
					if got := strings.Join(asked, " "); got != test.asked {
						t.Errorf("asked for %s, want %s", got, test.asked)
					}
					if wantErr != "" {
						return
					}
					if len(rows) != n {
						t.Errorf("%d rows, want %d", len(rows), n)
					}
					for i, row := range rows {
						if row.N != i+1 {
							t.Fatalf("row %d is number %d", i+1, row.N)
						}
					}
				})
			})
		}
	}
}
