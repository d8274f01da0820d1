package rowjson

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/go-json-experiment/json/jsontext"
)

func TestEncode(t *testing.T) {
	for _, row := range []gen.APIUsageRow{
		{},
		{ClientName: "Zürich \"x\"\n", Requests: 9007199254740993, Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)},
	} {
		var out bytes.Buffer
		if err := Encode(jsontext.NewEncoder(&out), &row); err != nil {
			t.Fatal(err)
		}
		for _, always := range []string{`"clientId":""`, `"status500":0`, `"requests":`} {
			if !strings.Contains(out.String(), always) {
				t.Errorf("no %s in %s", always, &out)
			}
		}
		if strings.Contains(out.String(), `"date"`) == row.Date.IsZero() {
			t.Errorf("the date in %s", &out)
		}
		var back gen.APIUsageRow
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back != row {
			t.Errorf("%s comes back as %+v, %v", &out, back, err)
		}
	}
}
