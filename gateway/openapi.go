package gateway

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"
)

// openAPI describes every route, in OpenAPI 3.1. A test holds it equal to the routes, and
// its schemas to the types they are of.
//
//go:embed openapi.json
var openAPI []byte

func (s *Server) describeAPI(c *gin.Context) { c.Data(http.StatusOK, jsonType, openAPI) }
