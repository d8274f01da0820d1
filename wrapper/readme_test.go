package wrapper_test

import (
	"testing"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper"
	"github.com/genesyscloud-go/usage/wrapper/usagetest"
)

// The snippets of the README, which have to compile. TestReadme compiles its program.
var _ = []any{
	func(client *wrapper.Client, query gen.APIUsageQuery, requests int64) error {
		for row, err := range client.QueryRows(ctx, query) {
			if err != nil {
				return err // the rows so far are not the complete report
			}
			requests += row.Requests
		}
		return nil
	},
	func(*testing.T) (*wrapper.Client, error) {
		server := usagetest.NewServer(usagetest.Config{
			Fault: usagetest.Once(usagetest.Results, usagetest.Fault{Connection: usagetest.Cut}),
		})
		defer server.Close()
		client, err := wrapper.New(wrapper.USEast1, server.Options()...)
		return client, err
	},
}
