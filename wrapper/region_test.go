package wrapper

import (
	"strings"
	"testing"
)

func TestParseRegion(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       Region
	}{
		{"AWS name with underscores", "me_central_1", MECentral1},
		{"with blanks around", " eusc-de-east-1\n", EUSCDEEast1},
		{"domain in capitals", "MyPureCloud.ie", EUWest1},
		{"login host", "login.mypurecloud.com.au", APSoutheast2},
		{"web application", "https://apps.mypurecloud.ie/directory/#/admin", EUWest1},
		{"API address with a slash", "https://api.mypurecloud.ie/", EUWest1},
		{"login address", "https://login.usw2.pure.cloud/oauth/token", USWest2},
		{"not listed", "afs1.pure.cloud", "afs1.pure.cloud"},
		{"not listed, gov", "usw1.us-gov-pure.cloud", "usw1.us-gov-pure.cloud"},
		{"not listed, sovereign", "eude.eusc-pure.cloud", "eude.eusc-pure.cloud"},
		{"address of one that is not listed", "https://API.apse3.pure.cloud", "apse3.pure.cloud"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseRegion(test.text)
			checkError(t, err, "")
			check(t, "region", got, test.want)
		})
	}
}

// Credentials are sent to the hosts of a region: no other domain than the vendor's own
// is taken for one.
func TestParseRegionRefuses(t *testing.T) {
	for _, test := range []struct{ name, text string }{
		{"nothing", ""},
		{"the vendor's parent domain", "pure.cloud"},
		{"no label", ".pure.cloud"},
		{"two labels", "a.b.pure.cloud"},
		{"another domain", "example.com"},
		{"a domain that begins like one", "mypurecloud.com.example.com"},
		{"a domain that ends like one", "mypure.cloud"},
		{"a domain that ends like one, with a label", "euw2.mypure.cloud"},
		{"a domain below a region's", "x.mypurecloud.com"},
		{"a port", "euw9.pure.cloud:8443"},
		{"credentials", "https://user@euw9.pure.cloud"},
		{"a host in the path", "https://example.com/euw9.pure.cloud"},
		{"a host in the query", "https://example.com?.pure.cloud"},
		{"other letters", "ä.pure.cloud"},
		{"a line break", "euw\n9.pure.cloud"},
		{"a secret", "SECRET-SECRET-SECRET-SECRET-SECRET"},
	} {
		t.Run(test.name, func(t *testing.T) {
			region, err := ParseRegion(test.text)
			check(t, "region", region, "")
			checkError(t, err, "unknown region")
			checkError(t, err, "us-east-1 (mypurecloud.com)")
			check(t, "a secret in the error", strings.Contains(err.Error(), "SECRET"), false)
			check(t, "Retryable", Retryable(err), false)
			check(t, "APIURL", Region(test.text).APIURL(), "")
			check(t, "LoginURL", Region(test.text).LoginURL(), "")
		})
	}
}

// The error suggests the region that was probably meant.
func TestParseRegionSuggests(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a letter is missing", "eu-wst-1", "did you mean eu-west-1?"},
		{"a letter too many", "eu-westt-1", "did you mean eu-west-1?"},
		{"a wrong letter", "sa-east-2", "did you mean sa-east-1?"},
		{"two letters swapped", "mypurecluod.ie", "did you mean mypurecloud.ie?"},
		{"the last letter is missing", "mypurecloud.j", "did you mean mypurecloud.jp?"},
		{"nearer than another one", "us-east-3", "did you mean us-east-1?"},
		{"in an address", "https://api.mypurecloud.dee", "did you mean mypurecloud.de?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseRegion(test.text)
			checkError(t, err, test.want)
		})
	}
	for _, far := range []string{"mars-north-1", "eu-wxyz-1", "example.com", "x", ""} {
		if _, err := ParseRegion(far); err == nil || strings.Contains(err.Error(), "did you mean") {
			t.Errorf("error for %q: %v, want one without a suggestion", far, err)
		}
	}
}

func TestRegionsHaveAddresses(t *testing.T) {
	seen := map[string]Region{}
	for _, region := range Regions() {
		domain, ok := strings.CutPrefix(region.APIURL(), "https://api.")
		check(t, region.APIURL()+" is that of an API", ok, true)
		check(t, "LoginURL", region.LoginURL(), "https://login."+domain)
		if other, ok := seen[domain]; ok {
			t.Errorf("%s and %s have the same domain", region, other)
		}
		seen[domain] = region
		for _, name := range []string{string(region), domain} {
			got, err := ParseRegion(name)
			checkError(t, err, "")
			check(t, "region "+name, got, region)
		}
	}
	check(t, "number of regions", len(seen), 18)
	unlisted := Region("afs1.pure.cloud")
	check(t, "APIURL", unlisted.APIURL(), "https://api.afs1.pure.cloud")
	check(t, "LoginURL", unlisted.LoginURL(), "https://login.afs1.pure.cloud")
}

func FuzzParseRegion(f *testing.F) {
	for _, region := range Regions() {
		f.Add(string(region))
		f.Add(strings.TrimPrefix(region.APIURL(), apiPrefix))
	}
	f.Add("US-EAST-1 ")
	f.Add("https://api.afs1.pure.cloud/")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, name string) {
		region, err := ParseRegion(name)
		if known := region.APIURL() != ""; known != (err == nil) {
			t.Fatalf("ParseRegion(%q) = %q, %v, which has an address: %v", name, region, err, known)
		}
		if same, _ := ParseRegion(string(region)); err == nil && same != region {
			t.Fatalf("ParseRegion(%q) = %q, and %q of that", name, region, same)
		}
	})
}
