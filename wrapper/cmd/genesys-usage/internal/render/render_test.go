package render

import (
	"errors"
	"testing"

	"github.com/genesyscloud-go/usage/wrapper/cmd/genesys-usage/internal/report"
)

// Golden files: go test ./wrapper/cmd/genesys-usage/internal/render -update writes them.
func TestGolden(t *testing.T) {
	endpoints := report.Query{Granularity: report.Day, GroupBy: []report.Dimension{report.Endpoint, report.Method}}
	compared := octoberScene(byClient(report.NoSteps), goldenRows())
	compared.report.Compare = new(days(day(2026, 9, 1), day(2026, 9, 30)))
	compared.before = goldenRows()[1:3]
	for _, test := range []struct {
		file  string
		form  *Form
		width int
		scene *scene
	}{
		{"clients-80.txt", Table, 80, octoberScene(byClient(report.NoSteps), goldenRows())},
		{"clients-200.txt", Table, 200, octoberScene(byClient(report.NoSteps), goldenRows())},
		{"compare-80.txt", Table, 80, compared},
		{"days-80.txt", Table, 80, octoberScene(endpoints, goldenDays())},
		{"clients.csv", CSV, 0, octoberScene(byClient(report.NoSteps), goldenRows())},
		{"days.csv", CSV, 0, octoberScene(endpoints, goldenDays())},
		{"clients.json", JSON, 0, octoberScene(byClient(report.NoSteps), goldenRows())},
		{"days.ndjson", NDJSON, 0, octoberScene(endpoints, goldenDays())},
		{"clients.html", HTML, 0, octoberScene(byClient(report.NoSteps), goldenRows())},
		{"compare.html", HTML, 0, compared},
		{"weeks.xlsx.txt", XLSX, 0, workbookScene()},
		{"days.html", HTML, 0, octoberScene(endpoints, goldenDays())},
	} {
		t.Run(test.file, func(t *testing.T) {
			test.scene.options.Width = test.width
			got := test.scene.write(t, test.form)
			if test.form == XLSX {
				got = unpack(t, got)
			}
			golden(t, test.file, got)
		})
	}
}

// A form is named by the extension of a file, in any letter case.
func TestFormOf(t *testing.T) {
	for file, want := range map[string]*Form{
		"report.txt": Table, "report.csv": CSV, "report.json": JSON, "report.ndjson": NDJSON, "a.b/report.XLSX": XLSX,
		"report.Html": HTML, "report.pdf": nil, "report": nil, "csv": nil, "report.csv.gz": nil,
	} {
		equal(t, file, FormOf(file), want)
	}
}

// A report without rows is one in every form.
func TestNoRows(t *testing.T) {
	s := octoberScene(byClient(report.Day), nil)
	equal(t, "CSV", s.write(t, CSV), "date,clientId,clientName,requests,status200,status300,status400,status429,status500\r\n")
	equal(t, "NDJSON", s.write(t, NDJSON), "")
	equal(t, "rows of the workbook", len(rowsOf(t, s.write(t, XLSX))), 1)
	contains(t, s.write(t, Table), "\n\nNo requests in this period.\n")
	contains(t, s.write(t, HTML), "<p>No requests in this period.</p>")
}

var errFull = errors.New("no space left on device")

// fullDisk takes so many bytes.
type fullDisk int

func (d *fullDisk) Write(p []byte) (int, error) {
	if *d -= fullDisk(len(p)); *d < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// An error of the output is the error of the form, wherever it happens.
func TestOutputErrors(t *testing.T) {
	s := octoberScene(byClient(report.Day), manyRows(200, 5))
	for _, form := range Forms {
		size := len(s.write(t, form))
		for _, room := range []int{0, size / 2, size - 16} { // a workbook is not always of the same size
			disk := fullDisk(room)
			w, err := form.New(&disk, &s.report.Query, s.options)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(s.rows) && err == nil; i++ {
				err = w.Row(&s.rows[i])
			}
			if err == nil {
				err = w.Finish(s.finished())
			}
			if !errors.Is(err, errFull) {
				t.Errorf("%s with room for %d of %d bytes: error %v, want %v", form, room, size, err, errFull)
			}
			closeWriter(t, w)
		}
	}
}
