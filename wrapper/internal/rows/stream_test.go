package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/oapi-codegen/runtime/types"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

type (
	result = gen.APIUsageQueryResult
	row    = gen.APIUsageRow
)

// decode decodes a response with all its rows.
func decode(body io.Reader) (*result, error) {
	var all []row
	got, err := NewStream[result, row](nil).Read(body, func(_ *result, r *row) error {
		all = append(all, *r)
		return nil
	})
	if got != nil {
		got.Results = all
	}
	return got, err
}

// checkEqual wants a value to be decoded.
func checkEqual[T any](t *testing.T, got T, err error, want T) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

// checkError checks that an error wraps all that are wanted, and is not permanent unless
// that is wanted.
func checkError(t *testing.T, what string, got error, want ...error) {
	t.Helper()
	for _, want := range want {
		if !errors.Is(got, want) {
			t.Errorf("%s: got error %v, want %v", what, got, want)
		}
	}
	if failure.IsPermanent(got) && !failure.IsPermanent(want[0]) {
		t.Errorf("%s: got a permanent error %v, want a transient one", what, got)
	}
}

// complete is a result with rows.
func complete(rows ...row) *result {
	return &result{QueryStatus: gen.QueryStatusComplete, Results: rows}
}

// completeBody is a response with rows.
func completeBody(rows string) string { return `{"results":[` + rows + `],"queryStatus":"Complete"}` }

func date(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDecodeDocumentedResponses(t *testing.T) {
	for file, want := range map[string]row{
		"testdata/by-client.json": {ClientID: "e7de8a75-86bb-43eb-9063-38699f8c21af", ClientName: "Prince Implicit Grant",
			Status200: 57, Requests: 57},
		"testdata/by-day-and-template.json": {ClientID: "7de3af44-c0b3-4f9b-af45-72f4a14037cc", ClientName: "Client Creds",
			TemplateURI: "api/v2/notifications/channels", Status200: 2, Requests: 2, Date: date("2020-02-27T00:00:00Z")},
	} {
		t.Run(file, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decode(bytes.NewReader(body))
			checkEqual(t, got, err, complete(want))
		})
	}
}

func TestDecode(t *testing.T) {
	const day = "2026-10-02T00:00:00Z"
	const large = `{"requests":9007199254740993,"status200":9223372036854775807,"status300":-9223372036854775808}`
	for _, test := range []struct {
		name, body string
		want       *result
	}{
		{"running", `{"queryStatus": "Running"}`, &result{QueryStatus: gen.QueryStatusRunning}},
		{"no status", `{}`, &result{}},
		{"null status", `{"queryStatus":null}`, &result{}},
		{"cursors", `{"cursors":{"after":"a","before":"b"}}`, &result{Cursors: gen.Cursors{After: "a", Before: "b"}}},

		{"no rows", completeBody(``), complete()},
		{"null in place of the rows", `{"results":null,"queryStatus":"Complete"}`, complete()},
		{"a null row", completeBody(`{"requests":1},null,{"requests":2}`),
			complete(row{Requests: 1}, row{}, row{Requests: 2})},
		{"rows last", `{"queryStatus":"Complete","results":[{"requests":1}]}`, complete(row{Requests: 1})},
		{"blanks", " {\n\t\"results\" : [ { \"requests\" : 1 } , { } ] , \"queryStatus\" : \"Complete\" } \r\n",
			complete(row{Requests: 1}, row{})},
		{"any order of keys", completeBody(`{"requests":1,"clientId":"a"},{"clientId":"b","requests":2}`),
			complete(row{Requests: 1, ClientID: "a"}, row{ClientID: "b", Requests: 2})},
		{"nothing stays of the row before", completeBody(`{"clientId":"a","requests":1,"date":"` + day + `"},{}`),
			complete(row{ClientID: "a", Requests: 1, Date: date(day)}, row{})},
		{"unknown keys at any depth",
			`{"x":{"results":[1]},"results":[{"y":[{"requests":7}],"requests":1,"z":null}],` +
				`"queryStatus":"Complete","w":"\u0000"}`,
			complete(row{Requests: 1})},
		{"null values", completeBody(`{"clientId":null,"requests":null,"date":null}`), complete(row{})},
		{"keys in another letter case", `{"Results":[{"ClientID":"a","REQUESTS":1}],"QUERYSTATUS":"Complete"}`,
			complete(row{ClientID: "a", Requests: 1})},
		{"a key twice", `{"queryStatus":"Running","x":1,"x":2,"results":[{"requests":1,"requests":2}],` +
			`"queryStatus":"Complete"}`, complete(row{Requests: 2})},
		{"a date twice", completeBody(`{"date":"` + day + `","date":null}`), complete(row{})},
		{"no rows and then rows", `{"results":null,"results":[{"requests":1}],"queryStatus":"Complete"}`,
			complete(row{Requests: 1})},

		{"escapes in keys", `{"results":[{"\u0063lientId":"a"}],"query\u0053tatus":"Complete"}`,
			complete(row{ClientID: "a"})},
		{"escapes in names", completeBody(`{"clientName":"\u00e4\n\ud83d\ude00\"\\"}`),
			complete(row{ClientName: "ä\n😀\"\\"})},
		{"invalid UTF-8", completeBody("{\"clientName\":\"a\xffb\"}"), complete(row{ClientName: "a\ufffdb"})},
		{"a lone surrogate", completeBody(`{"clientName":"\ud83d"}`), complete(row{ClientName: "\ufffd"})},
		{"numbers beyond 2^53", completeBody(large),
			complete(row{Requests: 9007199254740993, Status200: 9223372036854775807, Status300: -9223372036854775808})},

		{"a date with fractions of a second", completeBody(`{"date":"2020-02-27T00:00:00.123Z"}`),
			complete(row{Date: date("2020-02-27T00:00:00.123Z")})},
		{"a date with an offset", completeBody(`{"date":"2020-02-27T00:00:00.123456789-11:30"}`),
			complete(row{Date: date("2020-02-27T00:00:00.123456789-11:30")})},
		{"a date without an offset", completeBody(`{"date":"2026-10-02T03:04:05"}`),
			complete(row{Date: date("2026-10-02T03:04:05Z")})},
		{"a date without a time", completeBody(`{"date":"2026-10-02"},{}`), complete(row{Date: date(day)}, row{})},
		{"no date", completeBody(`{"date":""},{"date":null},{"date":"` + day + `"}`),
			complete(row{}, row{}, row{Date: date(day)})},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := decode(iotest.OneByteReader(strings.NewReader(test.body)))
			checkEqual(t, got, err, test.want)
			got, err = Decode[result, row](strings.NewReader(test.body), nil)
			if err == nil && len(got.Results) == 0 {
				got.Results = nil
			}
			checkEqual(t, got, err, test.want)
		})
	}
}

// The date of a job's rows is of a type of its own, which refuses null and "".
func TestDecodeDatesOfJobs(t *testing.T) {
	const body = `{"entities":[{"date":"2026-10-02"},{"date":""},{"date":null},{"date":"2026-10-02T00:00:00Z"}]}`
	got, err := Decode[gen.UsageJobResult, gen.UsageJobRow](strings.NewReader(body), nil)
	want, none := types.Date{Time: date("2026-10-02T00:00:00Z")}, types.Date{}
	checkEqual(t, got, err, &gen.UsageJobResult{
		Entities: []gen.UsageJobRow{{Date: want}, {Date: none}, {Date: none}, {Date: want}}})
}

// A single value has a bound, which a value that is skipped piece by piece may exceed: it
// is not kept.
func TestDecodeLargeValues(t *testing.T) {
	longest := strings.Repeat("x", maxValue-len(`""`))
	got, err := decode(strings.NewReader(completeBody(`{"clientName":"` + longest + `"},{}`)))
	checkEqual(t, got, err, complete(row{ClientName: longest}, row{}))

	body := `{"x":[` + strings.Repeat(`"xxxxxxxxxxxxxxxx",`, maxValue/8) + `1],"queryStatus":"Complete"}`
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err = decode(strings.NewReader(body))
	runtime.ReadMemStats(&after)
	checkEqual(t, got, err, complete())
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > maxValue {
		t.Errorf("skipping %d bytes allocates %d, want %d at most", len(body), allocated, maxValue)
	}
}

// A response that is JSON and does not fit is a permanent error, and one that is not JSON
// may be a truncated copy.
func TestDecodeErrors(t *testing.T) {
	permanent, long := failure.ErrPermanent, strings.Repeat(`y\n`, maxValue/4)
	for _, test := range []struct {
		name, body string
		is         error
		want       string
	}{
		{"empty", ``, io.ErrUnexpectedEOF, "empty response"},
		{"blanks", " \n", io.ErrUnexpectedEOF, "empty response"},
		{"HTML", `<html>`, ErrTruncated, "truncated or not JSON: jsontext: invalid character '<'"},
		{"byte order mark", "\ufeff{}", ErrTruncated, `truncated or not JSON: jsontext: invalid character '\ufeff'`},
		{"nested too deep", `{"x":` + strings.Repeat("[", 10_001), ErrTruncated, "exceeded max depth"},
		{"array", `[]`, permanent, "unexpected response: a JSON ["},
		{"null", `null`, permanent, "unexpected response: a JSON null"},
		{"more than one value", `{"queryStatus":"Complete"}{}`, ErrTruncated, "not JSON: unexpected { after the JSON value"},
		{"text after the value", `{"queryStatus":"Complete"}x`, ErrTruncated, "not JSON: jsontext: invalid character 'x'"},
		{"status is a number", `{"queryStatus":1}`, permanent, `"/queryStatus"`},

		{"rows are an object", `{"results":{}}`, permanent, `"/results": the rows are a JSON {`},
		{"row is a number", completeBody(`{},7`), permanent, `number into Go gen.APIUsageRow within "/results/1"`},
		{"number is a string", completeBody(`{"requests":"1"}`), permanent, `string into Go int64 within "/results/0/requests"`},
		{"number is a fraction", completeBody(`{"requests":1.5}`), permanent, `"/results/0/requests"`},
		{"number overflows", completeBody(`{"requests":9223372036854775808}`), permanent,
			`"/results/0/requests": value out of range`},
		{"number is not one", completeBody(`{"requests":1-2}`), ErrTruncated, "invalid character '-'"},
		{"name is a number", completeBody(`{"clientId":1}`), permanent, `number into Go string within "/results/0/clientId"`},
		{"date is not one", completeBody(`{"date":"yesterday"}`), permanent, `"/results/0/date": "yesterday" is not a date`},
		{"date is not in the calendar", completeBody(`{"date":"2026-02-30"}`), permanent, `"2026-02-30" is not a date`},
		{"date is a number", completeBody(`{"date":1}`), permanent, `"/results/0/date": a JSON number for a date`},

		{"a second array", `{"results":[{}],"Results":[{}]}`, permanent, `"/Results": a second array of rows`},
		{"an array and then null", `{"results":[],"results":null}`, permanent, `"/results": a second array of rows`},

		{"a comma is missing", completeBody(`{} {}`), ErrTruncated, "invalid character '{'"},
		{"a long date", completeBody(`{"date":"` + long + `"}`), permanent, "is not a date"},
		{"a long number", completeBody(`{"requests":` + strings.Repeat("1", maxValue/2) + `}`), permanent, "int64"},
		{"a long key of a value not JSON", `{"` + long + `":x}`, ErrTruncated, "truncated or not JSON"},
		{"a value without end", `{"x":"` + strings.Repeat("x", 2*maxValue), permanent, "exceeds 1048576 bytes"},
		{"blanks without end", `{"x":1` + strings.Repeat(" ", 2*maxValue), permanent, "exceeds 1048576 bytes"},
		{"a row without end", `{"results":[{"clientName":"` + strings.Repeat("x", 2*maxValue), permanent,
			"exceeds 1048576 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := decode(strings.NewReader(test.body))
			checkError(t, "error", err, test.is)
			if got, want := errors.Is(err, ErrTruncated), test.is == ErrTruncated; got != want {
				t.Errorf("truncated: got %v, want %v", got, want)
			}
			text := fmt.Sprint(err)
			if !strings.Contains(text, test.want) || len(text) > 600 || strings.Contains(text, "\n") {
				t.Errorf("text: got %.700q, want %q in 600 bytes at most on one line", text, test.want)
			}
			if got != nil {
				t.Errorf("result: got %+v, want none", got)
			}
		})
	}
}

const fullBody = `{"results":[{"clientId":"e7de8a75","clientName":"Prince \u00e4","organizationId":"","userId":"",` +
	`"templateUri":"api/v2/x","httpMethod":"GET","status200":57,"status300":0,"status400":9007199254740993,` +
	`"status500":0,"status429":0,"requests":57,"date":"2020-02-27T00:00:00Z"},` +
	`{"clientId":"7de3af44","requests":2,"x":[{"y":null}]}],"queryStatus":"Complete"}`

func TestDecodeTruncatedAnywhere(t *testing.T) {
	if _, err := decode(strings.NewReader(fullBody)); err != nil {
		t.Fatal(err)
	}
	for i := range len(fullBody) {
		_, err := decode(strings.NewReader(fullBody[:i]))
		want := ErrTruncated
		if i == 0 {
			want = io.ErrUnexpectedEOF
		}
		checkError(t, fmt.Sprint("truncated at ", i), err, want)
	}
	for i := range len(fullBody) + 1 { // after the last byte, too: the reader has not seen the end
		_, err := decode(cut(fullBody, i))
		checkError(t, fmt.Sprint("reset at ", i), err, ErrTruncated, errCut)
	}
}

// A permanent error of the body is not one of a truncated copy: its context has ended.
func TestDecodePermanentErrors(t *testing.T) {
	_, err := decode(iotest.ErrReader(failure.Blocked(errCut)))
	checkError(t, "error", err, failure.ErrBlocked, errCut)
	if errors.Is(err, ErrTruncated) {
		t.Errorf("error: got %v, want it without %v", err, ErrTruncated)
	}
}

// Each row comes with what is known of the result by then, until the function returns an
// error.
func TestDecodeYields(t *testing.T) {
	enough := errors.New("enough")
	for body, want := range map[string]gen.QueryStatus{
		`{"queryStatus":"Complete","results":[{},{},{},not JSON`: gen.QueryStatusComplete,
		`{"results":[{},{},{}],"queryStatus":"Complete"}`:        "",
	} {
		rows := 0
		got, err := NewStream[result, row](nil).Read(strings.NewReader(body), func(r *result, _ *row) error {
			if r.QueryStatus != want {
				t.Errorf("%s: status with a row: got %q, want %q", body, r.QueryStatus, want)
			}
			if rows++; rows < 2 {
				return nil
			}
			return enough
		})
		if got != nil || err != enough || rows != 2 {
			t.Errorf("%s: got %v and error %v after %d rows, want none and %v after 2", body, got, err, rows, enough)
		}
	}
}

// A field of another type than documented costs that field and nothing else, and a lenient
// one is noticed unless it is empty.
func TestLenient(t *testing.T) {
	full := gen.ErrorBody{Code: "c", Message: "m", ContextID: "x", Status: 400}
	for _, test := range []struct {
		name, body string
		want       gen.ErrorBody
		mismatch   bool
	}{
		{"as documented", `{"code":"c","message":"m","contextId":"x","status":400}`, full, false},
		{"a string for a number", `{"status":"400","code":"c","message":"m"}`, gen.ErrorBody{Code: "c", Message: "m"}, true},
		{"a number for a string", `{"code":1,"message":"m","status":400}`, gen.ErrorBody{Message: "m", Status: 400}, true},
		{"an object for a list", `{"details":{},"code":"c","message":"m","contextId":"x","status":400}`, full, true},
		{"a list for an object", `{"limit":[],"code":"c","message":"m","contextId":"x","status":400}`, full, true},
		{"in an element of a list", `{"details":[{"errorCode":1,"fieldName":"f"}],"code":"c"}`,
			gen.ErrorBody{Code: "c", Details: []gen.Detail{{FieldName: "f"}}}, true},
		{"a text", `"abc"`, gen.ErrorBody{}, true},
		{"a list", `["abc"]`, gen.ErrorBody{}, true},
		{"false", `false`, gen.ErrorBody{}, true},
		{"null", `null`, gen.ErrorBody{}, false},
		{"an empty object", `{}`, gen.ErrorBody{}, false},
		{"an empty text", `""`, gen.ErrorBody{}, false},
		{"an empty list", "[ \n]", gen.ErrorBody{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got gen.ErrorBody
			DecodeLenient([]byte(test.body), &got)
			checkEqual(t, got, nil, test.want)

			mismatch := false
			fields := Lenient(func(*gen.ErrorBody) { mismatch = true })
			body := strings.NewReader(`{"entities":[{}],"errorBody":` + test.body + `,"queryStatus":"Complete"}`)
			result, err := Decode[gen.UsageJobResult, gen.UsageJobRow](body, fields)
			checkEqual(t, result, err, &gen.UsageJobResult{
				ErrorBody: test.want, QueryStatus: "Complete", Entities: []gen.UsageJobRow{{}}})
			checkEqual(t, mismatch, nil, test.mismatch)
		})
	}
	_, err := Decode[result, row](strings.NewReader(`{"cursors":{"after"`), Lenient(func(*gen.Cursors) {}))
	checkError(t, "truncated", err, ErrTruncated)
}

// FuzzDecode compares with json v2, which has the complete response at once. It takes
// fewer forms of dates; the rest is the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(fullBody))
	f.Add([]byte(`{"queryStatus":"Running"}`))
	f.Add([]byte(`{"results":null,"queryStatus":"Complete","cursors":{"before":"b"}}`))
	f.Add([]byte(`{"results":[{"requests":-0,"date":"2020-02-27T00:00:00.5+01:00"},null,{"\u0072equests":1,"date":""}]}`))
	f.Add([]byte("{\"results\":[{\"clientName\":\"\xff\\ud800\"}]}"))
	f.Add([]byte(`{"results":[{"requests":1,"Requests":2}],"RESULTS":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decode(bytes.NewReader(body))
		if err != nil && !failure.IsPermanent(err) && isJSON(body) {
			t.Fatalf("JSON is taken for truncated: %v", err)
		}
		if err == nil && !json.Valid(body) {
			t.Fatalf("%q is taken for JSON", body)
		}
		var want *result
		if jsonv2.Unmarshal(body, &want, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true),
			jsonv2.MatchCaseInsensitiveNames(true)) != nil || want == nil {
			return
		}
		if err != nil && strings.Contains(err.Error(), "a second array of rows") {
			return
		}
		if err != nil {
			t.Fatalf("%q: error %v, want none", body, err)
		}
		if len(want.Results) == 0 {
			want.Results = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q\ngives %+v\nwant  %+v", body, got, want)
		}
	})
}

// isJSON reports whether a body is JSON for package jsontext, which nests less deep
// than package json.
func isJSON(body []byte) bool {
	return jsontext.Value(body).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}
