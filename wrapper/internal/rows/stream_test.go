package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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
	if err != nil {
		return nil, err
	}
	got.Results = all
	return got, nil
}

// checkResult wants a response to be decoded into a result.
func checkResult(t *testing.T, body io.Reader, want *result) {
	t.Helper()
	got, err := decode(body)
	if err != nil {
		t.Fatalf("error %v, want none", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
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
			checkResult(t, bytes.NewReader(body), complete(want))
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
		{"unknown status", `{"queryStatus": "Reticulating"}`, &result{QueryStatus: "Reticulating"}},
		{"no status", `{}`, &result{}},
		{"null status", `{"queryStatus":null}`, &result{}},
		{"cursors", `{"cursors":{"after":"a","before":"b"}}`, &result{Cursors: gen.Cursors{After: "a", Before: "b"}}},

		{"no rows", completeBody(``), complete()},
		{"null in place of the rows", `{"results":null,"queryStatus":"Complete"}`, complete()},
		{"a null row", completeBody(`{"requests":1},null,{"requests":2}`),
			complete(row{Requests: 1}, row{}, row{Requests: 2})},
		{"rows first", completeBody(`{"requests":1}`), complete(row{Requests: 1})},
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
		{"no rows and then rows", `{"results":null,"results":[{"requests":1}],"queryStatus":"Complete"}`,
			complete(row{Requests: 1})},

		{"escapes in keys", `{"results":[{"\u0063lientId":"a"}],"query\u0053tatus":"Complete"}`,
			complete(row{ClientID: "a"})},
		{"escapes in names", completeBody(`{"clientName":"\u00e4\n\ud83d\ude00\"\\"}`),
			complete(row{ClientName: "ä\n😀\"\\"})},
		{"unicode", completeBody(`{"clientName":"Zürich 東京 😀"}`), complete(row{ClientName: "Zürich 東京 😀"})},
		{"invalid UTF-8", completeBody("{\"clientName\":\"a\xffb\"}"), complete(row{ClientName: "a\ufffdb"})},
		{"a lone surrogate", completeBody(`{"clientName":"\ud83d"}`), complete(row{ClientName: "\ufffd"})},
		{"a long name", completeBody(`{"clientName":"` + strings.Repeat("x", 50_000) + `"}`),
			complete(row{ClientName: strings.Repeat("x", 50_000)})},
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
			checkResult(t, strings.NewReader(test.body), test.want)
		})
		t.Run(test.name+", byte by byte", func(t *testing.T) {
			checkResult(t, iotest.OneByteReader(strings.NewReader(test.body)), test.want)
		})
	}
}

// The date of a job's rows is of a type of its own, which refuses null and "".
func TestDecodeDatesWithoutATime(t *testing.T) {
	for text, want := range map[string]time.Time{
		`"2026-10-02"`:           date("2026-10-02T00:00:00Z"),
		`"2026-10-02T00:00:00Z"`: date("2026-10-02T00:00:00Z"),
		`""`:                     {},
		`null`:                   {},
	} {
		t.Run(text, func(t *testing.T) {
			body := strings.NewReader(`{"entities":[{"date":` + text + `}]}`)
			var got []time.Time
			_, err := NewStream[gen.UsageJobResult, gen.UsageJobRow](nil).Read(body,
				func(_ *gen.UsageJobResult, r *gen.UsageJobRow) error {
					got = append(got, r.Date.Time)
					return nil
				})
			if err != nil {
				t.Fatalf("error %v, want none", err)
			}
			if want := []time.Time{want}; !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// What is wrong with a response is permanent if it is JSON, and may be a truncated copy
// otherwise.
func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct {
		name, body string
		permanent  bool
		want       string
	}{
		{"empty", ``, false, "empty response"},
		{"blanks", " \n", false, "empty response"},
		{"HTML", `<html>`, false, "truncated or not JSON: jsontext: invalid character '<'"},
		{"array", `[]`, true, "unexpected response: a JSON ["},
		{"string", `"Complete"`, true, "unexpected response: a JSON string"},
		{"null", `null`, true, "unexpected response: a JSON null"},
		{"more than one value", `{"queryStatus":"Complete"}{}`, false, "not JSON: unexpected { after the JSON value"},
		{"text after the value", `{"queryStatus":"Complete"}x`, false, "not JSON: jsontext: invalid character 'x'"},
		{"status is a number", `{"queryStatus":1}`, true, `"/queryStatus"`},

		{"rows are an object", `{"results":{}}`, true, `"/results": the rows are a JSON {`},
		{"rows are a string", `{"results":"none"}`, true, `"/results": the rows are a JSON string`},
		{"row is a number", completeBody(`{},7`), true, `number into Go gen.APIUsageRow within "/results/1"`},
		{"row is an array", completeBody(`{},{},[]`), true, `array into Go gen.APIUsageRow within "/results/2"`},
		{"number is a string", completeBody(`{"requests":"1"}`), true, `string into Go int64 within "/results/0/requests"`},
		{"number is a fraction", completeBody(`{"requests":1.5}`), true, `"/results/0/requests"`},
		{"number overflows", completeBody(`{"requests":9223372036854775808}`), true,
			`"/results/0/requests": value out of range`},
		{"number is not one", completeBody(`{"requests":1-2}`), false, "invalid character '-'"},
		{"name is a number", completeBody(`{"clientId":1}`), true, `number into Go string within "/results/0/clientId"`},
		{"date is not one", completeBody(`{"date":"yesterday"}`), true, `"/results/0/date": "yesterday" is not a date`},
		{"date is not in the calendar", completeBody(`{"date":"2026-02-30"}`), true, `"2026-02-30" is not a date`},
		{"date is a number", completeBody(`{"date":1}`), true, `"/results/0/date": a JSON number for a date`},

		{"a second array of rows", `{"results":[{}],"results":[{}]}`, true, `"/results": a second array of rows`},
		{"a second array of rows in another letter case", `{"results":[],"Results":[{}]}`, true,
			`"/Results": a second array of rows`},

		{"a comma is missing", completeBody(`{} {}`), false, "invalid character '{'"},
		{"a comma too many", completeBody(`{},`), false, "invalid character ','"},
		{"control character", completeBody("{\"clientName\":\"\n\"}"), false, `invalid character '\n'`},
		{"a value without end", `{"x":"` + strings.Repeat("x", 2*maxValue), true, "exceeds 1048576 bytes"},
		{"blanks without end", `{"x":1` + strings.Repeat(" ", 2*maxValue), true, "exceeds 1048576 bytes"},
		{"a row without end", `{"results":[{"clientName":"` + strings.Repeat("x", 2*maxValue), true,
			"exceeds 1048576 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := decode(strings.NewReader(test.body))
			if err == nil {
				t.Fatalf("no error, but %+v", got)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q in it", err, test.want)
			}
			if got := failure.IsPermanent(err); got != test.permanent {
				t.Errorf("permanent is %v, want %v: %v", got, test.permanent, err)
			}
		})
	}
}

// However much of a response an error could quote, its text is short and on one line.
func TestDecodeErrorsAreShort(t *testing.T) {
	long := strings.Repeat(`y\n`, maxValue/4)
	for name, body := range map[string]string{
		"a date":                       completeBody(`{"date":"` + long + `"}`),
		"a number":                     completeBody(`{"requests":` + strings.Repeat("1", maxValue/2) + `}`),
		"the key of a value not JSON":  `{"` + long + `":x}`,
		"the key of a truncated value": `{"` + long + `":{"x"`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decode(strings.NewReader(body))
			if err == nil {
				t.Fatal("no error")
			}
			if n := len(err.Error()); n > 600 {
				t.Errorf("the text has %d bytes, want 600 at most: %.700s", n, err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the text has several lines: %q", err)
			}
		})
	}
}

// A large value that is not known is skipped piece by piece.
func TestDecodeSkipsLargeValues(t *testing.T) {
	body := `{"x":[` + strings.Repeat(`"xxxxxxxxxxxxxxxx",`, maxValue/8) + `1],"queryStatus":"Complete"}`
	checkResult(t, strings.NewReader(body), complete())
}

// A value may be as long as the bound on values.
func TestDecodeLongestValue(t *testing.T) {
	name := strings.Repeat("x", maxValue-len(`""`))
	body := completeBody(`{"clientName":"` + name + `"},{}`)
	checkResult(t, strings.NewReader(body), complete(row{ClientName: name}, row{}))
}

const fullBody = `{"results":[{"clientId":"e7de8a75","clientName":"Prince \u00e4","organizationId":"","userId":"",` +
	`"templateUri":"api/v2/x","httpMethod":"GET","status200":57,"status300":0,"status400":9007199254740993,` +
	`"status500":0,"status429":0,"requests":57,"date":"2020-02-27T00:00:00Z"},` +
	`{"clientId":"7de3af44","requests":2,"x":[{"y":null}]}],"queryStatus":"Complete"}`

// checkTransient wants an error that a retry may fix.
func checkTransient(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	} else if failure.IsPermanent(err) {
		t.Errorf("%s: permanent: %v", what, err)
	}
}

func TestDecodeTruncatedAnywhere(t *testing.T) {
	if _, err := decode(strings.NewReader(fullBody)); err != nil {
		t.Fatal(err)
	}
	for i := range len(fullBody) {
		_, err := decode(strings.NewReader(fullBody[:i]))
		checkTransient(t, fmt.Sprint("truncated at ", i), err)
	}
	for i := range len(fullBody) + 1 { // after the last byte, too: the reader has not seen the end
		_, err := decode(cut(fullBody, i))
		checkTransient(t, fmt.Sprint("reset at ", i), err)
		if !errors.Is(err, errCut) {
			t.Errorf("reset at %d: error %v, want %v", i, err, errCut)
		}
	}
}

func TestDecodeStops(t *testing.T) {
	rows, enough := 0, errors.New("enough")
	body := strings.NewReader(`{"results":[{},{},{},not JSON`)
	_, err := NewStream[result, row](nil).Read(body, func(*result, *row) error {
		if rows++; rows < 2 {
			return nil
		}
		return enough
	})
	if err != enough {
		t.Errorf("error %v, want that of the function", err)
	}
	if rows != 2 {
		t.Errorf("%d rows, want 2", rows)
	}
}

// What is known of the result by then comes with each row.
func TestDecodeYieldsTheResultWithRows(t *testing.T) {
	for body, want := range map[string]gen.QueryStatus{
		`{"queryStatus":"Complete","results":[{}]}`: gen.QueryStatusComplete,
		`{"results":[{}],"queryStatus":"Complete"}`: "",
	} {
		_, err := NewStream[result, row](nil).Read(strings.NewReader(body), func(r *result, _ *row) error {
			if r.QueryStatus != want {
				t.Errorf("%s: a row comes with status %q, want %q", body, r.QueryStatus, want)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestDecodeSmall(t *testing.T) {
	type small struct {
		Name string
		When time.Time
	}
	got, err := Decode[small, struct{}](strings.NewReader("{\"Name\":\"a\xffb\",\"When\":\"\",\"x\":1}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "a\ufffdb"; got.Name != want {
		t.Errorf("got %q, want %q", got.Name, want)
	}
	for _, test := range []struct {
		name      string
		body      io.Reader
		permanent bool
	}{
		{"another type", strings.NewReader(`{"Name":1}`), true},
		{"HTML", strings.NewReader("<html>"), false},
		{"empty", strings.NewReader(""), false},
		{"reset", iotest.ErrReader(errCut), false},
		{"without end", &endless{16 * maxValue}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode[small, struct{}](test.body, nil)
			if err == nil {
				t.Fatal("no error")
			}
			if got := failure.IsPermanent(err); got != test.permanent {
				t.Errorf("permanent is %v, want %v: %v", got, test.permanent, err)
			}
		})
	}
}

// A field of another type than documented costs that field and nothing else.
func TestDecodeLenient(t *testing.T) {
	full := gen.ErrorBody{Code: "c", Message: "m", ContextID: "x", Status: 400}
	for _, test := range []struct {
		name, body string
		want       gen.ErrorBody
	}{
		{"as documented", `{"code":"c","message":"m","contextId":"x","status":400}`, full},
		{"a string for a number", `{"status":"400","code":"c","message":"m"}`, gen.ErrorBody{Code: "c", Message: "m"}},
		{"a number for a string", `{"code":1,"message":"m","status":400}`, gen.ErrorBody{Message: "m", Status: 400}},
		{"an object for a list", `{"details":{},"code":"c","message":"m","contextId":"x","status":400}`, full},
		{"a list for an object", `{"limit":[],"code":"c","message":"m","contextId":"x","status":400}`, full},
		{"in an element of a list", `{"details":[{"errorCode":1,"fieldName":"f"}],"code":"c"}`,
			gen.ErrorBody{Code: "c", Details: []gen.Detail{{FieldName: "f"}}}},
		{"a key twice", `{"code":"b","code":"c"}`, gen.ErrorBody{Code: "c"}},
		{"HTML", `<html>`, gen.ErrorBody{}},
		{"empty", ``, gen.ErrorBody{}},
		{"null", `null`, gen.ErrorBody{}},
		{"a list", `[]`, gen.ErrorBody{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got gen.ErrorBody
			DecodeLenient([]byte(test.body), &got)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// endless is a value without an end: for so long that a bound that is gone is
// noticed, and no longer.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= len(p); e.left < 0 {
		panic("the bound is gone")
	}
	for i := range p {
		p[i] = '['
	}
	return len(p), nil
}

// FuzzDecode compares with json v2, which has the complete response at once. It takes
// fewer forms of dates; the rest is the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(fullBody))
	f.Add([]byte(`{"queryStatus":"Running"}`))
	f.Add([]byte(`{"results":null,"queryStatus":"Complete","cursors":{"before":"b"}}`))
	f.Add([]byte(`{"results":[{"requests":-0,"date":"2020-02-27T00:00:00.5+01:00"},null,{"\u0072equests":1,"date":""}]}`))
	f.Add([]byte("{\"results\":[{\"clientName\":\"\xff\\ud800\"}]}"))
	f.Add([]byte(`{"results":[{"requests":1,"requests":2}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decode(bytes.NewReader(body))
		if err != nil && !failure.IsPermanent(err) && isJSON(body) {
			t.Fatalf("JSON is taken for truncated: %v", err)
		}
		if err == nil && !json.Valid(body) {
			t.Fatalf("%q is taken for JSON", body)
		}
		var want *result
		if jsonv2.Unmarshal(body, &want, jsontext.AllowInvalidUTF8(true)) != nil || want == nil {
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
