package wrapper

import (
	"fmt"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/gen"
)

// A Region is one of the regions that the vendor runs Genesys Cloud in, by its
// AWS name, such as "us-east-1". An organization lives in one region, and its
// tokens are good there only.
type Region string

// The regions, as the vendor lists them on
// https://developer.genesys.cloud/platform/api/.
const (
	USEast1      Region = "us-east-1"
	USEast2      Region = "us-east-2" // FedRAMP
	USWest2      Region = "us-west-2"
	CACentral1   Region = "ca-central-1"
	MXCentral1   Region = "mx-central-1"
	SAEast1      Region = "sa-east-1"
	EUWest1      Region = "eu-west-1"
	EUWest2      Region = "eu-west-2"
	EUCentral1   Region = "eu-central-1"
	EUCentral2   Region = "eu-central-2"
	EUSCDEEast1  Region = "eusc-de-east-1" // EU sovereign
	MECentral1   Region = "me-central-1"
	APSouth1     Region = "ap-south-1"
	APSoutheast1 Region = "ap-southeast-1"
	APSoutheast2 Region = "ap-southeast-2"
	APNortheast1 Region = "ap-northeast-1"
	APNortheast2 Region = "ap-northeast-2"
	APNortheast3 Region = "ap-northeast-3"
)

const (
	apiPrefix   = "https://api."
	loginPrefix = "https://login."
)

// regions pairs each region with the address of its API, which the overlay of
// the spec knows; the other addresses follow from that one.
var regions = []struct {
	region Region
	apiURL string
}{
	{USEast1, gen.ServerURLUsEast1},
	{USEast2, gen.ServerURLUsEast2},
	{USWest2, gen.ServerURLUsWest2},
	{CACentral1, gen.ServerURLCaCentral1},
	{MXCentral1, gen.ServerURLMxCentral1},
	{SAEast1, gen.ServerURLSaEast1},
	{EUWest1, gen.ServerURLEuWest1},
	{EUWest2, gen.ServerURLEuWest2},
	{EUCentral1, gen.ServerURLEuCentral1},
	{EUCentral2, gen.ServerURLEuCentral2},
	{EUSCDEEast1, gen.ServerURLEuscDeEast1},
	{MECentral1, gen.ServerURLMeCentral1},
	{APSouth1, gen.ServerURLApSouth1},
	{APSoutheast1, gen.ServerURLApSoutheast1},
	{APSoutheast2, gen.ServerURLApSoutheast2},
	{APNortheast1, gen.ServerURLApNortheast1},
	{APNortheast2, gen.ServerURLApNortheast2},
	{APNortheast3, gen.ServerURLApNortheast3},
}

// Regions returns all regions. The slice is the caller's own.
func Regions() []Region {
	all := make([]Region, len(regions))
	for i, r := range regions {
		all[i] = r.region
	}
	return all
}

// ParseRegion returns the region that s names, by its AWS name ("eu-west-1") or
// by its domain ("mypurecloud.ie"), in any letter case. The error for any other
// name lists the regions.
func ParseRegion(s string) (Region, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	for _, r := range regions {
		if name == string(r.region) || name == strings.TrimPrefix(r.apiURL, apiPrefix) {
			return r.region, nil
		}
	}
	names := make([]string, len(regions))
	for i, r := range regions {
		names[i] = string(r.region)
	}
	slices.Sort(names)
	return "", fmt.Errorf("unknown region %q: want a domain such as mypurecloud.com, or one of %s", s, strings.Join(names, ", "))
}

// APIURL returns the address of the region's API, such as
// https://api.mypurecloud.ie, or "" if r is not one of Regions.
func (r Region) APIURL() string {
	for _, known := range regions {
		if r == known.region {
			return known.apiURL
		}
	}
	return ""
}

// LoginURL returns the address that the region hands out tokens at, such as
// https://login.mypurecloud.ie, or "" if r is not one of Regions.
func (r Region) LoginURL() string {
	domain, ok := strings.CutPrefix(r.APIURL(), apiPrefix)
	if !ok {
		return ""
	}
	return loginPrefix + domain
}
