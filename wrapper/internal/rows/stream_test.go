package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/genesyscloud-go/usage/gen"
)

type (
	answer = gen.APIUsageQueryResult
	row    = gen.APIUsageRow
)

// decodeAll decodes an answer with all its rows.
func decodeAll(body io.Reader) (*answer, error) {
	var rows []row
	result, err := NewStream[answer, row]("results").Read(body, func(_ *answer, r *row) error {
		rows = append(rows, *r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	result.Results = rows
	return result, nil
}

func TestDecodeDocumentedAnswers(t *testing.T) {
	for file, want := range map[string]gen.APIUsageRow{
		"testdata/by-client.json": {ClientID: "e7de8a75-86bb-43eb-9063-38699f8c21af", ClientName: "Prince Implicit Grant", Status200: 57, Requests: 57},
		"testdata/by-day-and-template.json": {ClientID: "7de3af44-c0b3-4f9b-af45-72f4a14037cc", ClientName: "Client Creds",
			TemplateURI: "api/v2/notifications/channels", Status200: 2, Requests: 2, Date: time.Date(2020, 2, 27, 0, 0, 0, 0, time.UTC)},
	} {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		result, err := decodeAll(bytes.NewReader(body))
		if err != nil || result.QueryStatus != gen.QueryStatusComplete || len(result.Results) != 1 || result.Results[0] != want {
			t.Errorf("%s: %+v, %v", file, result, err)
		}
	}
}

func TestDecode(t *testing.T) {
	rows := func(rows ...gen.APIUsageRow) gen.APIUsageQueryResult {
		return gen.APIUsageQueryResult{QueryStatus: gen.QueryStatusComplete, Results: rows}
	}
	date := func(s string) time.Time {
		d, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, test := range []struct {
		name, body string
		want       gen.APIUsageQueryResult
	}{
		{"running", `{"queryStatus": "Running"}`, gen.APIUsageQueryResult{QueryStatus: gen.QueryStatusRunning}},
		{"unknown status", `{"queryStatus": "Reticulating"}`, gen.APIUsageQueryResult{QueryStatus: "Reticulating"}},
		{"no status", `{}`, gen.APIUsageQueryResult{}},
		{"null status", `{"queryStatus":null}`, gen.APIUsageQueryResult{}},
		{"a date without a time, and none", `{"results":[{"date":"2026-10-02"},{"date":""},{"date":"2026-10-02"}],"queryStatus":"Complete"}`,
			rows(gen.APIUsageRow{Date: date("2026-10-02T00:00:00Z")}, gen.APIUsageRow{}, gen.APIUsageRow{Date: date("2026-10-02T00:00:00Z")})},
		{"a time without an offset", `{"results":[{"date":"2026-10-02T03:04:05"}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{Date: date("2026-10-02T03:04:05Z")})},
		{"no rows", `{"results":[],"queryStatus":"Complete"}`, rows()},
		{"null rows", `{"results":null,"queryStatus":"Complete"}`, rows()},
		{"results first", `{"results":[{"requests":1}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{Requests: 1})},
		{"results last", `{"queryStatus":"Complete","results":[{"requests":1}]}`, rows(gen.APIUsageRow{Requests: 1})},
		{"blanks", " {\n\t\"results\" : [ { \"requests\" : 1 } , { } ] , \"queryStatus\" : \"Complete\" } \r\n", rows(gen.APIUsageRow{Requests: 1}, gen.APIUsageRow{})},
		{"any order in a row", `{"results":[{"requests":1,"clientId":"a"},{"clientId":"b","requests":2}],"queryStatus":"Complete"}`,
			rows(gen.APIUsageRow{Requests: 1, ClientID: "a"}, gen.APIUsageRow{ClientID: "b", Requests: 2})},
		{"nothing stays from the row before", `{"results":[{"clientId":"a","requests":1,"date":"2026-01-01T00:00:00Z"},{}],"queryStatus":"Complete"}`,
			rows(gen.APIUsageRow{ClientID: "a", Requests: 1, Date: date("2026-01-01T00:00:00Z")}, gen.APIUsageRow{})},
		{"unknown keys at any depth", `{"x":{"results":[1]},"results":[{"y":[{"requests":7}],"requests":1,"z":null}],"queryStatus":"Complete","w":"\u0000"}`, rows(gen.APIUsageRow{Requests: 1})},
		{"unknown keys twice", `{"x":1,"x":2,"results":[{"y":1,"y":2}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{})},
		{"null values", `{"results":[{"clientId":null,"requests":null,"date":null}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{})},
		{"keys are case-sensitive", `{"results":[{"ClientID":"a"}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{})},
		{"escapes in keys", `{"results":[{"\u0063lientId":"a"}],"query\u0053tatus":"Complete"}`, rows(gen.APIUsageRow{ClientID: "a"})},
		{"escapes in names", `{"results":[{"clientName":"\u00e4\n\ud83d\ude00\"\\"}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{ClientName: "ä\n😀\"\\"})},
		{"unicode", `{"results":[{"clientName":"Zürich 東京 😀"}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{ClientName: "Zürich 東京 😀"})},
		{"invalid UTF-8", "{\"results\":[{\"clientName\":\"a\xffb\"}],\"queryStatus\":\"Complete\"}", rows(gen.APIUsageRow{ClientName: "a\ufffdb"})},
		{"lone surrogate", `{"results":[{"clientName":"\ud83d"}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{ClientName: "\ufffd"})},
		{"a long name", `{"results":[{"clientName":"` + strings.Repeat("x", 5000) + `"}],"queryStatus":"Complete"}`, rows(gen.APIUsageRow{ClientName: strings.Repeat("x", 5000)})},
		{"beyond 2^53", `{"results":[{"requests":9007199254740993,"status200":9223372036854775807,"status300":-9223372036854775808,"status400":-1,"status500":123456789012345678}],"queryStatus":"Complete"}`,
			rows(gen.APIUsageRow{Requests: 9007199254740993, Status200: 9223372036854775807, Status300: -9223372036854775808, Status400: -1, Status500: 123456789012345678})},
		{"dates", `{"results":[{"date":"2020-02-27T00:00:00.123Z"},{"date":"2020-02-27T00:00:00+02:00"},{"date":"2020-02-27T00:00:00.123456789-11:30"}],"queryStatus":"Complete"}`,
			rows(gen.APIUsageRow{Date: date("2020-02-27T00:00:00.123Z")}, gen.APIUsageRow{Date: date("2020-02-27T00:00:00+02:00")}, gen.APIUsageRow{Date: date("2020-02-27T00:00:00.123456789-11:30")})},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, reader := range map[string]io.Reader{
				"at once":      strings.NewReader(test.body),
				"byte by byte": iotest.OneByteReader(strings.NewReader(test.body)),
			} {
				got, err := decodeAll(reader)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !sameResult(got, &test.want) {
					t.Errorf("%s: got %+v\nwant %+v", name, got, test.want)
				}
			}
		})
	}
}

// What else an answer holds arrives as encoding/json has it, whatever the vendor's
// document of the day says there is.
func TestDecodeOtherFields(t *testing.T) {
	const body = `{"cursors":{"after":"a","before":"b"},"queryStatus":"Complete"}`
	var want gen.APIUsageQueryResult
	if err := json.Unmarshal([]byte(body), &want); err != nil {
		t.Fatal(err)
	}
	if got, err := decodeAll(strings.NewReader(body)); err != nil || !sameResult(got, &want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// sameResult compares as == does, but for dates, which are compared as instants.
func sameResult(a, b *gen.APIUsageQueryResult) bool {
	utc := func(r *gen.APIUsageQueryResult) gen.APIUsageQueryResult {
		c := *r
		c.Results = append([]gen.APIUsageRow(nil), r.Results...)
		for i := range c.Results {
			c.Results[i].Date = c.Results[i].Date.UTC()
		}
		return c
	}
	return reflect.DeepEqual(utc(a), utc(b))
}

func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct {
		name, body string
		cut        bool
		want       string
	}{
		{"empty", ``, true, "empty"},
		{"blanks", " \n", true, "empty"},
		{"HTML", `<html>`, true, "invalid character '<'"},
		{"array", `[]`, false, "the answer, after byte 0, is a JSON ["},
		{"string", `"Complete"`, false, "is a JSON string"},
		{"null", `null`, false, "is a JSON null"},
		{"more than one value", `{"queryStatus":"Complete"}{}`, true, "more than one JSON value"},
		{"garbage behind", `{"queryStatus":"Complete"}x`, true, "invalid character 'x'"},
		{"status is a number", `{"queryStatus":1}`, false, "queryStatus"},
		{"results is an object", `{"results":{}}`, false, "results, after byte 10, is a JSON {"},
		{"results is a string", `{"results":"none"}`, false, "results, after byte 10, is a JSON string"},
		{"row is a number", `{"results":[{},7]}`, false, "row 2, after byte 14, is a JSON number"},
		{"row is null", `{"results":[null]}`, false, "row 1, after byte 12, is a JSON null"},
		{"row is an array", `{"results":[{},{},[]]}`, false, "row 3, after byte 17, is a JSON ["},
		{"number is a string", `{"results":[{"requests":"1"}]}`, false, `row 1: "requests", at byte 24:`},
		{"number is a fraction", `{"results":[{"requests":1.5}]}`, false, `row 1: "requests", at byte 24:`},
		{"number overflows", `{"results":[{"requests":9223372036854775808}]}`, false, `row 1: "requests", at byte 24:`},
		{"number is nonsense", `{"results":[{"requests":1-2}]}`, true, "row 1:"},
		{"string is a number", `{"results":[{"clientId":1}]}`, false, `row 1: "clientId", at byte 24:`},
		{"date is nonsense", `{"results":[{"date":"yesterday"}]}`, false, `row 1: "date", at byte 20:`},
		{"date that is not in the calendar", `{"results":[{"date":"2026-02-30"}]}`, false, `row 1: "date", at byte 20:`},
		{"key twice", `{"results":[{},{"requests":1,"requests":2}]}`, false, `row 2: the key "requests" comes twice`},
		{"key twice, escaped", `{"results":[{"clientId":"a","client\u0049d":"b"}]}`, false, `row 1: the key "clientId" comes twice`},
		{"results twice", `{"results":[{}],"results":[{}]}`, false, `the key "results" comes twice`},
		{"status twice", `{"queryStatus":"Running","queryStatus":"Complete"}`, false, `the key "queryStatus" comes twice`},
		{"comma missing", `{"results":[{} {}]}`, true, "invalid character '{'"},
		{"comma at the end", `{"results":[{},]}`, true, "invalid character"},
		{"control character", "{\"results\":[{\"clientName\":\"\n\"}]}", true, "invalid character"},
		{"a value without end", `{"x":"` + strings.Repeat("x", 2*maxValue), false, "larger than"},
		{"blanks without end", `{"x":1` + strings.Repeat(" ", 2*maxValue), false, "larger than"},
		{"a row without end", `{"results":[{"clientName":"` + strings.Repeat("x", 2*maxValue), false, "larger than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := decodeAll(strings.NewReader(test.body))
			if err == nil {
				t.Fatalf("no error, but %+v", result)
			}
			if !strings.Contains(err.Error(), test.want) || Broken(err) != test.cut {
				t.Errorf("error %v (cut: %v), want %q in it (cut: %v)", err, Broken(err), test.want, test.cut)
			}
		})
	}
}

// A large value that is not known is skipped piece by piece.
func TestDecodeSkipsLargeValues(t *testing.T) {
	body := `{"x":[` + strings.Repeat(`"xxxxxxxxxxxxxxxx",`, maxValue/8) + `1],"queryStatus":"Complete"}`
	result, err := decodeAll(strings.NewReader(body))
	if err != nil || result.QueryStatus != gen.QueryStatusComplete {
		t.Errorf("%+v, %v", result, err)
	}
}

// A value may be as long as the bound on values.
func TestDecodeLongestValue(t *testing.T) {
	name := strings.Repeat("x", maxValue-len(`""`))
	result, err := decodeAll(strings.NewReader(`{"results":[{"clientName":"` + name + `"},{}],"queryStatus":"Complete"}`))
	if err != nil || len(result.Results) != 2 || result.Results[0].ClientName != name {
		t.Errorf("%v", err)
	}
}

const fullAnswer = `{"results":[{"clientId":"e7de8a75","clientName":"Prince \u00e4","organizationId":"","userId":"","templateUri":"api/v2/x","httpMethod":"GET",` +
	`"status200":57,"status300":0,"status400":9007199254740993,"status500":0,"status429":0,"requests":57,"date":"2020-02-27T00:00:00Z"},` +
	`{"clientId":"7de3af44","requests":2,"x":[{"y":null}]}],"queryStatus":"Complete"}`

func TestDecodeCutAnywhere(t *testing.T) {
	if _, err := decodeAll(strings.NewReader(fullAnswer)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	for i := range len(fullAnswer) {
		if result, err := decodeAll(strings.NewReader(fullAnswer[:i])); err == nil || !Broken(err) {
			t.Errorf("cut at %d: %+v, %v", i, result, err)
		}
		result, err := decodeAll(io.MultiReader(strings.NewReader(fullAnswer[:i]), iotest.ErrReader(broken)))
		if err == nil || !Broken(err) || !errors.Is(err, broken) {
			t.Errorf("broken at %d: %+v, %v", i, result, err)
		}
	}
	// An error behind the last byte is one too: the reader has not seen the end.
	if _, err := decodeAll(io.MultiReader(strings.NewReader(fullAnswer), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("broken at the end: %v", err)
	}
}

func TestDecodeStopsWhenToldTo(t *testing.T) {
	rows, enough := 0, errors.New("enough")
	_, err := NewStream[answer, row]("results").Read(strings.NewReader(`{"results":[{},{},{},not JSON`), func(*answer, *row) error {
		if rows++; rows < 2 {
			return nil
		}
		return enough
	})
	if !errors.Is(err, enough) || Broken(err) || rows != 2 {
		t.Errorf("%v after %d rows", err, rows)
	}
}

// What is known of the answer by then comes with each row.
func TestDecodeRowsComeWithTheAnswer(t *testing.T) {
	for body, want := range map[string]gen.QueryStatus{
		`{"queryStatus":"Complete","results":[{}]}`: gen.QueryStatusComplete,
		`{"results":[{}],"queryStatus":"Complete"}`: "",
	} {
		result, err := NewStream[answer, row]("results").Read(strings.NewReader(body), func(a *answer, _ *row) error {
			if a.QueryStatus != want {
				t.Errorf("%s: a row comes with status %q", body, a.QueryStatus)
			}
			return nil
		})
		if err != nil || result.QueryStatus != gen.QueryStatusComplete {
			t.Errorf("%s: %+v, %v", body, result, err)
		}
	}
}

func TestDecodeSmall(t *testing.T) {
	var value struct{ Name string }
	if err := Decode(strings.NewReader("{\"Name\":\"a\xffb\",\"x\":1,\"x\":2}"), &value); err != nil || value.Name != "a\ufffdb" {
		t.Errorf("%+v, %v", value, err)
	}
	broken := errors.New("broken")
	for _, body := range []io.Reader{
		strings.NewReader(`{"Name":1}`), strings.NewReader("<html>"), strings.NewReader(""), &endless{16 * maxValue}, iotest.ErrReader(broken),
	} {
		if err := Decode(body, &value); err == nil {
			t.Errorf("%T: no error", body)
		}
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

// FuzzDecode compares with encoding/json on whatever that finds valid. Where the
// two differ on purpose, ours has an error: on keys that come twice, and on rows
// that are null.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(fullAnswer))
	f.Add([]byte(`{"queryStatus":"Running"}`))
	f.Add([]byte(`{"results":null,"queryStatus":"Complete","cursors":{"before":"b"}}`))
	f.Add([]byte(`{"results":[{"requests":-0,"date":"2020-02-27T00:00:00.5+01:00"},{"\u0072equests":1}]}`))
	f.Add([]byte("{\"results\":[{\"clientName\":\"\xff\\ud800\"}]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodeAll(bytes.NewReader(body))
		if err != nil {
			if Broken(err) && json.Valid(body) {
				t.Fatalf("valid JSON passes for broken: %v", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q passes for valid", body)
		}
		want, ok := standard(body)
		if ok && !sameResult(got, want) {
			t.Fatalf("%q\ngives %+v\nwant  %+v", body, got, want)
		}
	})
}

// standard decodes with encoding/json, unless the letter case of a key makes a
// difference: it ignores that.
func standard(body []byte) (*gen.APIUsageQueryResult, bool) {
	var top map[string]json.RawMessage
	var rows []map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil || top["results"] != nil && json.Unmarshal(top["results"], &rows) != nil {
		return nil, false
	}
	keys := func(fields map[string]json.RawMessage, known reflect.Type) bool {
		for key := range fields {
			for field := range known.Fields() {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				if key != name && strings.EqualFold(key, name) {
					return false
				}
			}
		}
		return true
	}
	if !keys(top, reflect.TypeFor[gen.APIUsageQueryResult]()) {
		return nil, false
	}
	if top["cursors"] != nil {
		return nil, false // its own keys would have to be looked at too
	}
	for _, row := range rows {
		if !keys(row, reflect.TypeFor[gen.APIUsageRow]()) {
			return nil, false
		}
	}
	var result gen.APIUsageQueryResult
	if err := json.Unmarshal(body, &result); err != nil {
		return nil, false
	}
	if len(result.Results) == 0 {
		result.Results = nil
	}
	return &result, true
}
