package ui_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"ragway/gateway/ui"
)

func get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	ui.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestPageAndItsFilesAreServedUnderAStrictPolicy(t *testing.T) {
	for path, kind := range map[string]string{"/": "text/html", "/ui/app.js": "text/javascript", "/ui/style.css": "text/css"} {
		w := get(path)
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		if p := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: policy %q", path, p)
		}
	}
}

func TestOtherFilesAreNotThere(t *testing.T) {
	for _, path := range []string{"/ui/", "/ui/ui.go", "/ui/../ui.go", "/ui/static/app.js"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, w.Code)
		}
	}
}

// What a browser would run or fetch besides the page's own files, and ways of setting
// markup, must not come back by accident.
func TestPageUsesNothingForeignAndSetsOnlyText(t *testing.T) {
	bad := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\son[a-z]+=|https?://|<style|style=`)
	root := os.DirFS("static")
	files, err := fs.ReadDir(root, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := fs.ReadFile(root, f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if m := bad.Find(data); m != nil {
			t.Errorf("%s holds %q", f.Name(), m)
		}
	}
}
