package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// pingTimeout bounds a readiness check; Kubernetes gives up after a second by default,
// but a busy disk deserves a little more.
const pingTimeout = 2 * time.Second

func (s *Server) livez(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

// readyz is 200 only while the store answers with its index open and no shutdown has begun.
func (s *Server) readyz(c *gin.Context) {
	checks := gin.H{"store": "ok", "server": "ok"}
	status := http.StatusOK
	ctx, cancel := context.WithTimeout(c.Request.Context(), pingTimeout)
	defer cancel()
	if err := s.opt.Store.Ping(ctx); err != nil {
		s.opt.Logger.WarnContext(ctx, "not ready", "error", err)
		checks["store"], status = "does not answer", http.StatusServiceUnavailable
	}
	if s.draining.Load() {
		checks["server"], status = "shutting down", http.StatusServiceUnavailable
	}
	if ups := s.upstreamStates(); ups != nil { // no reason to send clients elsewhere: it fails there, too
		checks["upstreams"] = ups
	}
	word := "ready"
	if status != http.StatusOK {
		word = "not ready"
	}
	c.JSON(status, gin.H{"status": word, "checks": checks})
}
