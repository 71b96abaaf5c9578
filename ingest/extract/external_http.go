package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"ragway/ingest"
)

// tika sends a document as Apache Tika's server takes it, PUT /tika, and prefers the
// answer that keeps headings and tables.
func (e *External) tika(ctx context.Context, in ingest.Input, most int64) (text, kind string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, strings.TrimSuffix(e.URL, "/"), bytes.NewReader(in.Data))
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Accept", "text/html, text/plain;q=0.5")
	req.Header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(in.Name)}))
	body, header, err := e.ask(req, most)
	if err != nil {
		return "", "", err
	}
	declared, params, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if strings.Contains(declared, "html") {
		return decodeHTML(body, params["charset"]), "html", nil
	}
	return decode(body, params["charset"]), "text", nil
}

// docling sends a document as docling-serve takes it, POST /v1/convert/file, and asks for
// Markdown.
func (e *External) docling(ctx context.Context, in ingest.Input, most int64) (string, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	file, err := w.CreateFormFile("files", path.Base(in.Name))
	if err != nil {
		return "", err
	}
	if _, err := file.Write(in.Data); err != nil {
		return "", err
	}
	if err := w.WriteField("to_formats", "md"); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(e.URL, "/")+"/v1/convert/file", &form)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	body, _, err := e.ask(req, most)
	if err != nil {
		return "", err
	}
	var answer struct {
		Status   string `json:"status"`
		Document struct {
			Markdown string `json:"md_content"`
		} `json:"document"`
		Errors []struct {
			Message string `json:"error_message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", ingest.Failf(ingest.Unreadable, "the server's answer: %w", err)
	}
	if answer.Status != "success" && answer.Status != "partial_success" {
		why := answer.Status
		if len(answer.Errors) > 0 {
			why += ": " + answer.Errors[0].Message
		}
		return "", ingest.Failf(ingest.Corrupt, "%s", why)
	}
	return answer.Document.Markdown, nil
}
