// A page whose charts stay as they came.
import { drawAll } from "./charts.js";

drawAll();
