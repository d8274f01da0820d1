//go:build soak

package render

import (
	"fmt"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// Where there is a browser, it shows the page: in a wide window and in one of 400 pixels, light and dark, with the
// chart's colours.
func TestPageInBrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Log("no chromium: the page is not looked at")
		return
	}
	dir := t.TempDir()
	page := octoberScene(byClient(report.Day), manyRows(12, 31)).write(t, HTML)
	// A window is never narrower than 500 pixels; a frame can be.
	frame := `<body style="margin:0;background:#f0f"><iframe src="page.html" style="width:400px;height:900px;border:0">`
	for name, content := range map[string]string{"page.html": page, "frame.html": frame} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name, page, scheme string
		width              int
		background         color.RGBA
	}{
		{"wide", "page.html", "1", 1200, color.RGBA{255, 255, 255, 255}},
		{"wide and dark", "page.html", "0", 1200, color.RGBA{0x14, 0x18, 0x1f, 255}},
		{"narrow", "frame.html", "1", 500, color.RGBA{255, 255, 255, 255}},
		{"narrow and dark", "frame.html", "0", 500, color.RGBA{0x14, 0x18, 0x1f, 255}},
	} {
		shot := filepath.Join(dir, test.name+".png")
		command := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu",
			"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
			"--disable-sync", "--hide-scrollbars", "--blink-settings=preferredColorScheme="+test.scheme,
			"--user-data-dir="+t.TempDir(), fmt.Sprintf("--window-size=%d,900", test.width), "--screenshot="+shot,
			"file://"+filepath.Join(dir, test.page))
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", test.name, err, output)
		}
		pixels := pixelsOf(t, shot)
		if n := pixels[test.background]; n < 50_000 {
			t.Errorf("%s: %d pixels of the background %v", test.name, n, test.background)
		}
		for _, series := range []color.RGBA{{0x3b, 0x78, 0xc4, 255}, {0xcf, 0x6a, 0x1b, 255}, {0x3a, 0x93, 0x63, 255}} {
			if n := pixels[series]; n < 500 {
				t.Errorf("%s: %d pixels of the series %v", test.name, n, series)
			}
		}
	}
}

// pixelsOf counts the pixels of a picture, by colour.
func pixelsOf(t *testing.T, name string) map[color.RGBA]int {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	pixels := map[color.RGBA]int{}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			pixels[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
		}
	}
	return pixels
}
