package wrapper

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
)

// This file is what a third kind of operation costs: exports, which are made up.

type exportResult struct {
	State string      `json:"state"`
	Items []exportRow `json:"items"`
	Next  string      `json:"next"`
}

type exportRow struct {
	Number int `json:"number"`
}

type export = Operation[exportResult, exportRow]

func (c *Client) submitExport(ctx context.Context, name string) (*export, error) {
	return submit(ctx, c, &exports, func() (*http.Request, error) {
		return http.NewRequest(http.MethodPost, c.baseURL+"exports", strings.NewReader(`{"name":"`+name+`"}`))
	}, func(response *struct{ ID string }) string { return response.ID })
}

func (c *Client) export(id string) *export { return &export{client: c, kind: &exports, id: id} }

var exports = kind[exportResult, exportRow]{
	name: "export",
	request: func(baseURL, id, cursor string) (*http.Request, error) {
		return http.NewRequest(http.MethodGet, baseURL+"exports/"+url.PathEscape(id)+"?page="+url.QueryEscape(cursor), nil)
	},
	inspect: func(result *exportResult) state {
		s := state{status: result.State, next: result.Next}
		switch {
		case isStatus(s.status, "done"):
			s.phase = complete
		case isStatus(s.status, "broken"):
			s.phase, s.err = failed, ErrQueryFailed
		}
		return s
	},
}

func TestAThirdKindOfOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests []string
		client := newBubbleClient(t, func(w http.ResponseWriter, request *http.Request) {
			requests = append(requests, request.Method+" "+request.URL.String())
			switch request.Method + request.URL.RawQuery {
			case "POST":
				reply(w, `{"id":"a/b"}`)
			case "GETpage=":
				bodies := []string{`{"state":"queued"}`, `{"items":[{"number":1},{"number":2}],"state":"Done","next":"&"}`}
				reply(w, bodies[min(len(requests)-2, 1)])
			default:
				reply(w, `{"items":[{"number":3}],"state":"Done"}`)
			}
		})
		submitted, err := client.submitExport(t.Context(), "demo")
		checkError(t, err, "")
		waited, err := submitted.Wait(t.Context())
		checkError(t, err, "")
		check(t, "rows", len(waited), 3)
		const first, second = "GET https://api.mypurecloud.com/exports/a%2Fb?page=", "%26"
		want := "POST https://api.mypurecloud.com/exports " + first + " " + first + " " + first + second
		check(t, "requests", strings.Join(requests, " "), want)

		rows, err := collect(t, client.export(submitted.ID()).Rows(t.Context()))
		checkError(t, err, "")
		for i, row := range rows {
			check(t, "row", row.Number, i+1)
		}
		check(t, "rows of another client", len(rows), 3)

		broken := newBubbleClient(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"state":"broken"}`) })
		_, err = broken.export("id").Wait(t.Context())
		checkOperationError(t, err, `usage export "id": `+ErrQueryFailed.Error(), false)
	})
}
