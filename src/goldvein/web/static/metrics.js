// The metrics of a project: charts, drawn once.
import { drawAll } from "./charts.js";

drawAll();
