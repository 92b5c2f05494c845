// Runs Kafka's own command-line tools, one after the other, in one JVM: starting a JVM for each costs a second.
// A line of JSON on standard input asks ({"tool": class, "arguments": [...], "input": base64 of the tool's standard input}),
// a line of JSON on standard output answers ({"exitCode": n, "output": base64, "errors": base64}). Ends with its input.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Exit;

public class KafkaTools {
    /** An Error, because the tools catch Exception around their own exits. */
    static class Exited extends Error {}

    static Integer exitCode;
    static final List<Runnable> shutdownHooks = new ArrayList<>();

    public static void main(String[] ignored) throws Exception {
        Exit.setExitProcedure((code, message) -> {
            if (exitCode == null) exitCode = code; // a tool that catches Throwable exits a second time
            throw new Exited();
        });
        Exit.setShutdownHookAdder((name, hook) -> shutdownHooks.add(hook));
        InputStream requests = System.in;
        PrintStream answers = System.out;
        ObjectMapper json = new ObjectMapper();
        BufferedReader lines = new BufferedReader(new InputStreamReader(requests, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            answers.println(json.writeValueAsString(run(json.readTree(line))));
            answers.flush();
        }
        Runtime.getRuntime().halt(0); // leaves no thread of a tool to wait for
    }

    static Map<String, Object> run(JsonNode request) throws Exception {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setIn(new ByteArrayInputStream(Base64.getDecoder().decode(request.get("input").asText())));
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        String[] arguments = new String[request.get("arguments").size()];
        for (int i = 0; i < arguments.length; i++) arguments[i] = request.get("arguments").get(i).asText();
        exitCode = null;
        try {
            Class<?> tool = Class.forName(request.get("tool").asText());
            forgetCount(tool);
            tool.getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException thrown) {
            if (!(thrown.getCause() instanceof Exited)) {
                thrown.getCause().printStackTrace();
                exitCode = 1;
            }
        }
        shutdownHooks.forEach(Runnable::run); // ConsoleProducer sends what it still holds in one
        shutdownHooks.clear();
        System.out.flush();
        System.err.flush();
        Base64.Encoder base64 = Base64.getEncoder();
        return Map.of(
            "exitCode", exitCode == null ? 0 : exitCode,
            "output", base64.encodeToString(output.toByteArray()),
            "errors", base64.encodeToString(errors.toByteArray()));
    }

    /** ConsoleConsumer counts towards --max-messages in a static field that only a new JVM would reset. */
    static void forgetCount(Class<?> tool) throws Exception {
        if (!tool.getSimpleName().equals("ConsoleConsumer")) return;
        var count = tool.getDeclaredField("messageCount");
        count.setAccessible(true);
        count.setInt(null, 0);
    }
}
