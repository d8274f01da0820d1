package wrapper

import (
	"strings"
	"testing"
)

func TestParseRegion(t *testing.T) {
	for _, test := range []struct {
		name string
		want Region
	}{
		{"us-east-1", USEast1},
		{"mypurecloud.com", USEast1},
		{"use2.us-gov-pure.cloud", USEast2},
		{"EU-West-1", EUWest1},
		{"MyPureCloud.ie", EUWest1},
		{" eusc-de-east-1\n", EUSCDEEast1},
		{"apne3.pure.cloud", APNortheast3},
	} {
		if got, err := ParseRegion(test.name); err != nil || got != test.want {
			t.Errorf("ParseRegion(%q) = %q, %v, want %q", test.name, got, err, test.want)
		}
	}
	for _, name := range []string{"", "us-east-9", "api.mypurecloud.com", "https://api.mypurecloud.com", "pure.cloud"} {
		_, err := ParseRegion(name)
		if err == nil {
			t.Errorf("ParseRegion(%q) has no error", name)
		} else if !strings.Contains(err.Error(), "us-east-1") {
			t.Errorf("the error for %q does not list the regions: %v", name, err)
		}
	}
}

func TestRegionsHaveAddresses(t *testing.T) {
	seen := map[string]Region{}
	for _, region := range Regions() {
		api, login := region.APIURL(), region.LoginURL()
		domain, ok := strings.CutPrefix(api, "https://api.")
		if !ok || login != "https://login."+domain {
			t.Errorf("%s: API at %q, login at %q", region, api, login)
		}
		if other, ok := seen[domain]; ok {
			t.Errorf("%s and %s have the same domain", region, other)
		}
		seen[domain] = region
		for _, name := range []string{string(region), domain} {
			if got, err := ParseRegion(name); err != nil || got != region {
				t.Errorf("ParseRegion(%q) = %q, %v", name, got, err)
			}
		}
	}
	if len(seen) != 18 {
		t.Errorf("%d regions, want 18", len(seen))
	}
	if unknown := Region("mars-north-1"); unknown.APIURL() != "" || unknown.LoginURL() != "" {
		t.Error("an unknown region has an address")
	}
}

func TestRegionsIsACopy(t *testing.T) {
	Regions()[0] = "changed"
	if Regions()[0] != USEast1 {
		t.Error("a caller can change the regions")
	}
}

func FuzzParseRegion(f *testing.F) {
	for _, region := range Regions() {
		f.Add(string(region))
		f.Add(strings.TrimPrefix(region.APIURL(), apiPrefix))
	}
	f.Add("US-EAST-1 ")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, name string) {
		region, err := ParseRegion(name)
		if (err == nil) != (region.APIURL() != "") {
			t.Fatalf("ParseRegion(%q) = %q, %v", name, region, err)
		}
	})
}
