package examples_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// OpenTelemetry sees each request: WithHTTPClient takes a Transport that traces.
func Example_openTelemetry() {
	server := usagetest.NewServer(usagetest.Config{}) // in place of an organization
	defer server.Close()

	spans := tracetest.NewInMemoryExporter() // in place of an exporter to a collector
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	tracing := otelhttp.NewTransport(http.DefaultTransport,
		otelhttp.WithTracerProvider(provider),
		otelhttp.WithSpanNameFormatter(func(_ string, request *http.Request) string {
			if request.Method == http.MethodGet {
				return "poll"
			}
			return request.Method + " " + request.URL.Path
		}))

	client, err := wrapper.New("", append(server.Options(), wrapper.WithHTTPClient(&http.Client{Transport: tracing}))...)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Spans of a program's own, in the context, become their parents.
	if _, err := client.Query(context.Background(), gen.APIUsageQuery{Interval: "2026-10-01/2026-10-31"}); err != nil {
		fmt.Println(err)
		return
	}
	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name)
	}
	// Output:
	// POST /oauth/token
	// POST /api/v2/usage/query
	// poll
}
