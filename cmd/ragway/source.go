package main

import (
	"cmp"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"ragway/ingest/extract"
	"ragway/ingest/source"
)

// sourceOptions are what sources need besides their argument.
func (a *app) sourceOptions(name string) source.Options {
	return source.Options{
		Name: name, Stdin: a.in, S3: a.s3(), UserAgent: "ragway/" + version,
		Environ: withoutOwn(a.environ), Logger: a.log, Encoding: extract.Encoding,
	}
}

// s3 reads the variables that AWS's own tools read. A role is asked for only where the
// environment says that there is one: elsewhere the question is a wait of seconds.
func (a *app) s3() source.S3Options {
	o := source.S3Options{
		Endpoint:  cmp.Or(a.getenv("AWS_ENDPOINT_URL_S3"), a.getenv("AWS_ENDPOINT_URL")),
		Region:    cmp.Or(a.getenv("AWS_REGION"), a.getenv("AWS_DEFAULT_REGION")),
		AccessKey: a.getenv("AWS_ACCESS_KEY_ID"), SecretKey: a.getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: a.getenv("AWS_SESSION_TOKEN"), Profile: a.getenv("AWS_PROFILE"),
		CredentialsFile: a.getenv("AWS_SHARED_CREDENTIALS_FILE"),
		Proxy:           http.ProxyFromEnvironment,
	}
	if home := a.getenv("HOME"); o.CredentialsFile == "" && home != "" {
		o.CredentialsFile = filepath.Join(home, ".aws", "credentials")
	}
	for _, name := range []string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"} {
		o.Role = o.Role || a.getenv(name) != ""
	}
	return o
}

// withoutOwn keeps this program's settings, keys among them, from programs that it runs.
func withoutOwn(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return strings.HasPrefix(v, "RAGWAY_") })
}
