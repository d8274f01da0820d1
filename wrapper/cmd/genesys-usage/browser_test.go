//go:build soak

package main

import (
	"fmt"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Where there is a browser, it shows the page: in a wide window and in one of 400
// pixels, light and dark, with the chart's colours in it.
func TestPageInABrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Log("no chromium: the page is not looked at")
		return
	}
	clearEnvironment(t)
	dir := t.TempDir()
	if code, _, stderr := genesysUsage(t, "-demo", "-month", "2026-09", "-html", filepath.Join(dir, "page.html")); code != 0 {
		t.Fatal(stderr)
	}
	// A window is never narrower than 500 pixels; a frame can be.
	frame := `<body style="margin:0;background:#f0f"><iframe src="page.html" style="width:400px;height:900px;border:0"></iframe></body>`
	if err := os.WriteFile(filepath.Join(dir, "frame.html"), []byte(frame), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, page, scheme string
		width              int
		background         color.RGBA
	}{
		{"wide", "page.html", "1", 1000, color.RGBA{255, 255, 255, 255}},
		{"dark", "page.html", "0", 1000, color.RGBA{0x14, 0x18, 0x1f, 255}},
		{"narrow", "frame.html", "1", 500, color.RGBA{255, 255, 255, 255}},
		{"narrow and dark", "frame.html", "0", 500, color.RGBA{0x14, 0x18, 0x1f, 255}},
	} {
		shot := filepath.Join(dir, test.name+".png")
		command := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars",
			"--blink-settings=preferredColorScheme="+test.scheme, "--user-data-dir="+t.TempDir(),
			fmt.Sprintf("--window-size=%d,900", test.width), "--screenshot="+shot, "file://"+filepath.Join(dir, test.page))
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", test.name, err, output)
		}
		file, err := os.Open(shot)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		pixels := map[color.RGBA]int{}
		for y := range picture.Bounds().Dy() {
			for x := range min(picture.Bounds().Dx(), test.width) {
				pixels[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
			}
		}
		if pixels[test.background] < 50_000 {
			t.Errorf("%s: %d pixels of the background %v", test.name, pixels[test.background], test.background)
		}
		for _, series := range []color.RGBA{{0x3b, 0x78, 0xc4, 255}, {0xe0, 0x8a, 0x2e, 255}, {0x8d, 0x95, 0xa3, 255}} {
			if pixels[series] < 500 {
				t.Errorf("%s: %d pixels of the series %v", test.name, pixels[series], series)
			}
		}
	}
}
