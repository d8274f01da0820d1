package wrapper

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/genesyscloud-go/usage/gen"
	"github.com/genesyscloud-go/usage/wrapper/internal/failure"
)

// A Region is one of the regions that the vendor runs Genesys Cloud in, by its AWS name,
// such as "us-east-1", or by its domain if Regions does not list it. An organization
// lives in one region, and its tokens are valid there only.
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

// apiURLs are the addresses of the API, which the overlay of the spec names.
var apiURLs = map[Region]string{
	USEast1:      gen.ServerURLUsEast1,
	USEast2:      gen.ServerURLUsEast2,
	USWest2:      gen.ServerURLUsWest2,
	CACentral1:   gen.ServerURLCaCentral1,
	MXCentral1:   gen.ServerURLMxCentral1,
	SAEast1:      gen.ServerURLSaEast1,
	EUWest1:      gen.ServerURLEuWest1,
	EUWest2:      gen.ServerURLEuWest2,
	EUCentral1:   gen.ServerURLEuCentral1,
	EUCentral2:   gen.ServerURLEuCentral2,
	EUSCDEEast1:  gen.ServerURLEuscDeEast1,
	MECentral1:   gen.ServerURLMeCentral1,
	APSouth1:     gen.ServerURLApSouth1,
	APSoutheast1: gen.ServerURLApSoutheast1,
	APSoutheast2: gen.ServerURLApSoutheast2,
	APNortheast1: gen.ServerURLApNortheast1,
	APNortheast2: gen.ServerURLApNortheast2,
	APNortheast3: gen.ServerURLApNortheast3,
}

const (
	apiPrefix   = "https://api."
	loginPrefix = "https://login."
)

// Regions returns the regions that were known when this version was released, in
// alphabetical order.
func Regions() []Region { return slices.Sorted(maps.Keys(apiURLs)) }

// ParseRegion returns the region with an AWS name ("eu-west-1" or "eu_west_1"), a domain
// ("mypurecloud.ie") or an address ("https://api.mypurecloud.ie/"), in any letter case. A
// domain that Regions does not list is taken if it is the vendor's own, below
// pure.cloud, us-gov-pure.cloud or eusc-pure.cloud; no other is, since credentials are
// sent there. The error lists the regions, and the one that was probably meant.
func ParseRegion(s string) (Region, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	if _, rest, ok := strings.Cut(name, "://"); ok {
		name = rest
	}
	name, _, _ = strings.Cut(name, "/")
	for _, host := range []string{"api.", "login.", "apps."} {
		name = strings.TrimPrefix(name, host)
	}
	suggestion, nearest := "", 3
	var list []string
	for _, region := range Regions() {
		awsName, domain := string(region), strings.TrimPrefix(region.APIURL(), apiPrefix)
		if strings.ReplaceAll(name, "_", "-") == awsName || name == domain {
			return region, nil
		}
		for _, known := range []string{awsName, domain} {
			if d := distance(name, known); d < nearest {
				suggestion, nearest = fmt.Sprintf("; did you mean %s?", known), d
			}
		}
		list = append(list, fmt.Sprintf("%s (%s)", awsName, domain))
	}
	if isVendorDomain(name) {
		return Region(name), nil
	}
	quoted := ""
	// Other characters may be those of a password, and a long text another variable's secret.
	if len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == "" {
		quoted = fmt.Sprintf(" %q", s)
	}
	return "", failure.Permanentf("unknown region%s%s; known are %s", quoted, suggestion, strings.Join(list, ", "))
}

// isVendorDomain reports whether a domain is one in which the vendor alone can open a
// region.
func isVendorDomain(domain string) bool {
	for _, parent := range []string{".pure.cloud", ".us-gov-pure.cloud", ".eusc-pure.cloud"} {
		label, ok := strings.CutSuffix(domain, parent)
		if ok && label != "" && strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789") == "" {
			return true
		}
	}
	return false
}

// distance returns how many neighbouring characters of two names are wrong, missing or
// too many.
func distance(a, b string) int {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b))
}

// APIURL returns the address of the region's API, such as https://api.mypurecloud.ie, or
// "" for a Region that ParseRegion would not return.
func (r Region) APIURL() string {
	if isVendorDomain(string(r)) {
		return apiPrefix + string(r)
	}
	return apiURLs[r]
}

// LoginURL returns the address of the region's login host, such as
// https://login.mypurecloud.ie, or "" for a Region that ParseRegion would not return.
func (r Region) LoginURL() string {
	return strings.Replace(r.APIURL(), apiPrefix, loginPrefix, 1)
}
