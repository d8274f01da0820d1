package examples_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// Prometheus metrics of a day's usage. The vendor counts once a day, so a program
// would do this once a day, too, and not on each scrape.
func Example_prometheus() {
	server := usagetest.NewServer(usagetest.Config{Rows: func(gen.APIUsageQuery) []gen.APIUsageRow {
		return []gen.APIUsageRow{
			{ClientName: "Demo Dialer", Requests: 1000, Status429: 80},
			{ClientName: "Demo Wallboard", Requests: 250},
		}
	}})
	defer server.Close()
	client, err := wrapper.New("", server.Options()...)
	if err != nil {
		fmt.Println(err)
		return
	}

	requests := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "genesyscloud_api_requests",
		Help: "API requests of an OAuth client on the last full day.",
	}, []string{"client", "answer"})
	registry := prometheus.NewRegistry()
	registry.MustRegister(requests)

	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC) // or: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	rows, err := client.Query(context.Background(), gen.APIUsageQuery{Interval: wrapper.Days(day, day)})
	if err != nil {
		fmt.Println(err)
		return
	}
	requests.Reset()
	for _, row := range rows {
		requests.WithLabelValues(row.ClientName, "any").Set(float64(row.Requests))
		requests.WithLabelValues(row.ClientName, "429").Set(float64(row.Status429))
	}

	families, err := registry.Gather() // promhttp.HandlerFor serves them
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(os.Stdout, family); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// # HELP genesyscloud_api_requests API requests of an OAuth client on the last full day.
	// # TYPE genesyscloud_api_requests gauge
	// genesyscloud_api_requests{answer="429",client="Demo Dialer"} 80
	// genesyscloud_api_requests{answer="429",client="Demo Wallboard"} 0
	// genesyscloud_api_requests{answer="any",client="Demo Dialer"} 1000
	// genesyscloud_api_requests{answer="any",client="Demo Wallboard"} 250
}
