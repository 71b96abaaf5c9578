package openai

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	goopenai "github.com/sashabaranov/go-openai"
)

// newClient calls the API at u through t, which adds the query string.
func newClient(u *url.URL, key string, t http.RoundTripper) *goopenai.Client {
	base := *u
	base.RawQuery, base.Fragment = "", ""
	config := goopenai.DefaultConfig(key)
	config.BaseURL = strings.TrimRight(base.String(), "/")
	config.HTTPClient = &http.Client{Transport: t, CheckRedirect: stayOnServer}
	return goopenai.NewClientWithConfig(config)
}

const mostRedirects = 3 // a slash at the end, a path that moved

// stayOnServer refuses a redirect to where nobody configured texts and keys to go: another
// host or, from https, http. A key in the query string would be sent along anywhere.
func stayOnServer(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case !strings.EqualFold(next.URL.Host, first.Host), next.URL.Scheme != first.Scheme:
		return fmt.Errorf("redirects to %s://%s are not followed", next.URL.Scheme, next.URL.Host)
	case len(via) > mostRedirects:
		return errors.New("too many redirects")
	}
	return nil
}
